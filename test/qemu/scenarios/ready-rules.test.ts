/** Every file of rules that comes with vhuscope, tried on real peers: what it says it does is what they see of it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { readyMadeRules, ruleFile } from '../../../src/cli/rule-file.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { migrate } from '../migrate.ts';
import { Pair } from '../pair.ts';
import { devices, type Machine, netVhost, newDisk, qemu, storageDaemon } from '../peers.ts';
import { type Program, stopAll } from '../programs.ts';
import { Qmp } from '../qmp.ts';
import { socketPath } from '../rig.ts';

/** Without vhuscope in between there are no rules. */
const direct = process.env.VHUSCOPE_RIG_DIRECT === '1';

const disk: Machine = { tasks: 'blk', device: devices.blk };
const card: Machine = { tasks: 'net', device: devices.net() };

/** A pair that a file of rules is in force for. */
class Trial {
  readonly pair: Pair;
  readonly monitor: string;
  backEnd!: Program;
  machine!: Program;

  constructor(rules: string, name = 'pair') {
    this.pair = new Pair(`rules-${rules}${name === 'pair' ? '' : `-${name}`}`, { name, traced: false });
    this.monitor = socketPath(this.pair.folder, 'qmp');
  }

  /** Starts all three. */
  async start(
    machine: Machine,
    options: readonly string[],
    image = newDisk(`${this.pair.folder}/disk`),
  ): Promise<void> {
    const { backSocket, frontSocket } = this.pair;
    const command = machine.device === disk.device ? storageDaemon(backSocket, image) : netVhost([backSocket]);
    this.backEnd = await this.pair.start('back-end', command);
    await this.pair.startProxy('is there', options);
    this.machine = await this.pair.start('front-end', qemu(frontSocket, { ...machine, qmp: this.monitor }));
  }

  /** Ends what still runs. */
  async over(): Promise<void> {
    this.machine.kill();
    await this.pair.stopProxy();
    await stopAll();
  }

  /** The messages that were recorded. */
  frames(): Frame[] {
    return [...readCapture(this.pair.capture)].filter(({ kind }) => kind === 'message');
  }

  /** The requests of a name, or its replies. */
  messages(name: string, isReply = false): Frame[] {
    return this.frames().filter(frame => decodeFrame(frame).name === name && (frame.reply ?? false) === isReply);
  }
}

/** The number of eight bytes in each of them, as it came and as it was sent. */
const numbers = (messages: ReturnType<Trial['messages']>): [bigint, bigint][] =>
  messages.map(({ bytes, sentBytes = bytes }) => [numberIn(bytes), numberIn(sentBytes)]);
const numberIn = (bytes: Uint8Array): bigint => Buffer.from(bytes).readBigUInt64LE(12);
const has = (mask: bigint, bit: number): boolean => (mask & (1n << BigInt(bit))) !== 0n;

/** Tries every file of the folder; the key is its name. */
const trials: Readonly<Record<string, (name: string) => Promise<void>>> = {
  async 'disconnect-at-nth'(name) {
    const trial = new Trial(name);
    await trial.start(disk, ['--rules', name]);
    // As docs/disconnects.md has it for the fifth message.
    await trial.machine.prints(/Reconnecting after error: vhost_backend_init failed: Protocol error/);
    await trial.machine.prints(/guest: blk ok/);
    await trial.over();
    const epochs = trial.frames().map(({ epoch }) => epoch);
    expect(new Set(epochs)).toEqual(new Set([1, 2]));
    const lost = trial.frames().filter(({ sentBytes }) => sentBytes?.length === 0);
    const forth = trial.frames().filter(({ dir, epoch }) => dir === 'front-to-back' && epoch === 1);
    expect(lost.map(({ n }) => n)).toEqual([forth[4]?.n]);
  },

  async 'eight-memory-slots'(name) {
    const trial = new Trial(name);
    await trial.start({ ...disk, tasks: 'online,blk_rounds', times: 30, slots: '256M,slots=16,maxmem=4G' }, [
      ...['--rules', name],
    ]);
    await trial.machine.prints(/guest: round 1 ok/);
    const qmp = await Qmp.connect(trial.monitor);
    const plugged: string[] = [];
    for (let number = 1; number <= 9; number++) {
      const options = { 'qom-type': 'memory-backend-memfd', id: `more${number}`, size: 128 << 20, share: true };
      await qmp.execute('object-add', options);
      const dimm = { driver: 'pc-dimm', id: `dimm${number}`, memdev: `more${number}` };
      plugged.push(
        await qmp.execute('device_add', dimm).then(
          () => 'taken',
          error => (error as Error).message,
        ),
      );
    }
    qmp.close();
    await trial.over();
    // One slot is the memory that it was started with.
    const refused = 'device_add: a used vhost backend has no free memory slots left';
    expect(plugged).toEqual([...Array(7).fill('taken'), refused, refused]);
    const slots = numbers(trial.messages('GET_MAX_MEM_SLOTS', true));
    expect(slots.length).toBeGreaterThan(0);
    for (const [came, sent] of slots) expect([came > 8n, sent]).toEqual([true, 8n]);
  },

  async 'log-all-lost'(name) {
    const { source } = await migrated(name, async trial => {
      await trial.machine.prints(/guest: round 1 ok/);
      trial.backEnd.signal('SIGKILL');
      await trial.backEnd.end();
      await trial.pair.start('back-end', storageDaemon(trial.pair.backSocket, `${trial.pair.folder}/disk`));
    });
    const [first, second] = [1, 2].map(epoch =>
      source.messages('SET_FEATURES').filter(({ epoch: of }) => of === epoch),
    );
    expect(numbers(first ?? []).every(([came, sent]) => came === sent)).toBe(true);
    expect(numbers(second ?? []).some(([came]) => has(came, 26))).toBe(true);
    expect(numbers(second ?? []).some(([, sent]) => has(sent, 26))).toBe(false);
  },

  'log-base-reply-dpdk': name => repliesToLogBase(name, ''),
  'log-base-reply-libvhost-user': name => repliesToLogBase(name, '0010000000000000'),
  'log-base-reply-rust-vmm': name => repliesToLogBase(name, '00100000000000000000000000000000'),

  async 'lost-kick-fd'(name) {
    const trial = new Trial(name);
    await trial.start(disk, ['--rules', name]);
    await trial.backEnd.prints(/vu_panic: Invalid fds in request: 12/);
    await trial.machine.prints(/vhost VQ 0 ring restore failed/);
    await trial.over();
    const kicks = trial.messages('SET_VRING_KICK');
    expect(kicks.map(({ fds, sentFds }) => [fds.length, sentFds])).toEqual([[1, []]]);
    // As the file says: with an eventfd in its place that nobody knows the back-end waits for a kick that never comes.
    const other = new Trial(name, 'silent');
    const file = `${other.pair.folder}/rules.yaml`;
    writeFileSync(file, readFileSync(ruleFile(name), 'utf8').replace('fds: []', 'fds: [eventfd]'));
    await other.start(disk, ['--rules', file]);
    await expect(other.machine.prints(/guest: blk/, 15)).rejects.toThrow(/within 15 s/);
    expect(other.backEnd.alive).toBe(true);
    expect(other.backEnd.output).not.toMatch(/vu_panic/);
    await other.over();
    // The firmware gives up after a while, and the guest's kernel waits like it.
    const silent = other.messages('SET_VRING_KICK').map(({ sentFds = [] }) => sentFds.map(({ kind }) => kind));
    expect(silent.length).toBeGreaterThan(0);
    for (const kinds of silent) expect(kinds).toEqual(['eventfd']);
  },

  async 'qemu-before-7.2'(name) {
    const trial = new Trial(name);
    await trial.start(disk, ['--rules', name]);
    await trial.machine.prints(/guest: blk ok/);
    await trial.over();
    const said = numbers(trial.messages('SET_FEATURES'));
    expect(said.every(([came, sent]) => has(came, 30) && !has(sent, 30))).toBe(true);
  },

  async 'refuse-get-config'(name) {
    const trial = new Trial(name);
    await trial.start(disk, ['--rules', name]);
    expect(await trial.machine.end()).toBe(1);
    expect(trial.machine.output).toMatch(/Received bad msg size/);
    await trial.over();
    expect(trial.messages('GET_CONFIG', true).map(({ injected, bytes }) => [injected, bytes.length])).toEqual(
      Array(4).fill([true, 12]),
    );
  },

  async 'slow-set-mem-table'(name) {
    const trial = new Trial(name);
    await trial.start(card, ['--rules', name]);
    await trial.machine.prints(/guest: net ok/);
    await trial.over();
    const tables = trial.messages('SET_MEM_TABLE');
    expect(tables.length).toBeGreaterThan(0);
    for (const frame of tables) {
      expect(Number(frame.heldNs)).toBeGreaterThan(2e9);
      expect(Number(frame.heldNs)).toBeLessThan(2.6e9);
    }
  },

  async 'without-config'(name) {
    const trial = new Trial(name);
    await trial.start(disk, ['--rules', name]);
    expect(await trial.machine.end()).toBe(1);
    expect(trial.machine.output).toMatch(/expecting VHOST_USER_PROTOCOL_F_CONFIG but the vhost-user backend does not/);
    await trial.over();
    expect(trial.messages('GET_CONFIG')).toEqual([]);
  },

  async 'without-reply-ack'(name) {
    const trial = new Trial(name);
    await trial.start(disk, ['--rules', name]);
    await trial.machine.prints(/guest: blk ok/);
    await trial.over();
    const frames = trial.frames().filter(({ channel, dir }) => channel === 'main' && dir === 'front-to-back');
    expect(frames.filter(frame => decodeFrame(frame).needReply)).toEqual([]);
    const offered = numbers(trial.messages('GET_PROTOCOL_FEATURES', true));
    expect(offered.every(([came, sent]) => has(came, 3) && !has(sent, 3))).toBe(true);
  },
};

/** A guest with a disk that is moved while it writes; `before` that something may happen. */
async function migrated(
  rules: string,
  before?: (source: Trial) => Promise<void>,
): Promise<{ source: Trial; to: Program }> {
  const source = new Trial(rules, 'source');
  const destination = new Trial(rules, 'destination');
  const image = newDisk(`${source.pair.folder}/disk`);
  const writes: Machine = { ...disk, tasks: 'blk_rounds', times: 10, chardev: 'reconnect=1' };
  await source.start(writes, ['--rules', rules], image);
  await destination.start({ ...writes, more: ['-incoming', 'defer'] }, [], image);
  await before?.(source);
  await source.machine.prints(/guest: round 4 ok/);
  await migrate(source.monitor, destination.monitor, `${source.pair.folder}/stream`);
  await destination.machine.prints(/guest: blk_rounds ok/);
  await source.pair.stopProxy();
  await destination.over();
  return { source, to: destination.machine };
}

async function repliesToLogBase(name: string, payload: string): Promise<void> {
  const { source, to } = await migrated(name);
  const replies = source.messages('SET_LOG_BASE', true).map(({ bytes, sentBytes = bytes }) => sentBytes);
  expect(replies.length).toBeGreaterThan(0);
  for (const reply of replies) expect(Buffer.from(reply.subarray(12)).toString('hex')).toBe(payload);
  expect(to.output).toMatch(/guest: round 9 ok/);
}

describe.skipIf(direct)('rules that come with vhuscope, between real peers', () => {
  afterEach(stopAll);

  it('are all tried', () => {
    expect(Object.keys(trials).sort()).toEqual(readyMadeRules());
  });

  it.each(Object.entries(trials))('%s', (name, trial) => trial(name));
});
