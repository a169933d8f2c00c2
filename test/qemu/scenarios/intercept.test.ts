/** Messages held, changed and answered between real peers, and what the guest sees of that. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { ControlClient } from '../../../src/control/client.ts';
import type { ControlEvent } from '../../../src/control/messages.ts';
import { Pty } from '../../tui/pty.ts';
import { Pair } from '../pair.ts';
import { devices, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from '../peers.ts';
import { type Program, stopAll } from '../programs.ts';
import { Qmp } from '../qmp.ts';
import { scenarioFolder } from '../rig.ts';

const who = { program: 'scenario' };

/** A guest uses as many queue pairs as it has processors at most. */
const twoProcessors = ['-smp', '2'];

/** Without vhuscope in between nothing can be held. */
const direct = process.env.VHUSCOPE_RIG_DIRECT === '1';

/** A proxy with the rules of a text. */
async function startWithRules(pair: Pair, rules: string): Promise<void> {
  const file = join(pair.folder, 'rules.yaml');
  writeFileSync(file, rules);
  await pair.startProxy('is there', ['--rules', file]);
}

/** What the guest's `about` says of one thing. */
async function about(machine: Program, what: string): Promise<string> {
  return (await machine.prints(new RegExp(`guest: ${what} (.*)\\r?\\n`)))[1]?.trim() ?? '';
}

async function ended(pair: Pair, machine: Program): Promise<void> {
  expect(await machine.end()).toBe(0);
  await pair.stopProxy();
  await stopAll();
}

/** Names of the messages that were altered, and those that vhuscope made. */
function changes(pair: Pair): { altered: string[]; injected: string[] } {
  const messages = [...readCapture(pair.capture)].filter(({ kind }) => kind === 'message');
  const names = new Map(pair.records().map(record => [record.n, record.name]));
  const named = (frames: typeof messages) => frames.map(({ n, reply }) => `${names.get(n)}${reply ? ' =' : ''}`);
  return {
    altered: named(messages.filter(({ sentBytes }) => sentBytes !== undefined)),
    injected: named(messages.filter(({ injected }) => injected === true)),
  };
}

describe.skipIf(direct)('between real peers', () => {
  afterEach(stopAll);

  it('QEMU and virtiofsd held ten seconds at SET_FEATURES: the monitor answers after the release, the guest mounts', async () => {
    const pair = new Pair('hold');
    const name = `hold-${process.pid}`;
    await pair.start('back-end', virtiofsd(pair.backSocket, newShare(scenarioFolder('hold-share'))));
    await pair.startProxy('is there', ['--hold', 'SET_FEATURES', '--name', name]);
    const engine = await ControlClient.connect(name, who);
    const heard: ControlEvent[] = [];
    let onHeld = (_event: ControlEvent): void => {};
    const held = new Promise<ControlEvent>(resolve => {
      onHeld = resolve;
    });
    await engine.subscribe(event => {
      heard.push(event);
      if (event.type === 'held') onHeld(event);
    });
    const monitor = join(pair.folder, 'qmp');
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'fs', device: devices.fs, qmp: monitor }),
    );
    const qmp = await Qmp.connect(monitor);
    const { n } = await held;
    // Nobody answers SET_FEATURES, but QEMU waits for the answer to what it has sent behind it.
    const waits = { side: 'front-end', request: 'ADD_MEM_REG' };
    await expect
      .poll(() => engine.request('holds', {}))
      .toMatchObject({ held: [{ n, name: 'SET_FEATURES', waits, context: { front_end: 'qemu' } }] });
    await engine.request('unhold', {});
    await new Promise(wake => setTimeout(wake, 10_000));
    const before = Date.now();
    await engine.request('release', { n: n as number });
    await qmp.execute('query-status');
    expect(Date.now() - before).toBeLessThan(1000);
    await machine.prints(/guest: fs ok/);
    qmp.close();
    engine.close();
    await ended(pair, machine);
    const frames = [...readCapture(pair.capture)];
    const kept = frames.filter(({ heldNs }) => heldNs !== undefined);
    expect(kept).toHaveLength(1);
    expect(Number(kept[0]?.heldNs)).toBeGreaterThan(9.9e9);
    expect(pair.differences({ 'back-end': { unread: 4 } })).toEqual([]);
    expect(heard.map(({ type }) => type)).toEqual(expect.arrayContaining(['held', 'let-go']));
  });

  it('SET_FEATURES changed and let go in the terminal interface: the guest mounts with what was left of it', async () => {
    const pair = new Pair('hold-tui');
    const name = `hold-tui-${process.pid}`;
    await pair.start('back-end', virtiofsd(pair.backSocket, newShare(scenarioFolder('hold-tui-share'))));
    await pair.startProxy('is there', ['--hold', 'SET_FEATURES', '--name', name]);
    const pty = new Pty(['attach', name]);
    try {
      await pty.until(/live/);
      const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'fs', device: devices.fs }));
      await pty.until(/\w+ held, \d+ s left/);
      pty.type('0');
      await pty.until(/QEMU's main loop has been blocked for .* s: it waits for the reply to ADD_MEM_REG/);
      pty.type('e');
      await pty.until(/\[x\] 28 RING_INDIRECT_DESC +offered/);
      // Title, two lines about it, heading, the mask, then bits 0, 24, 26, 27 and 28.
      pty.type('j'.repeat(9));
      pty.type(' ');
      await pty.until(/\[ \] 28 RING_INDIRECT_DESC/);
      pty.type('a');
      await pty.until(/\d+ goes on/);
      await machine.prints(/guest: fs ok/);
      pty.type('q');
      expect((await pty.ended).status).toBe(0);
      await ended(pair, machine);
    } finally {
      pty.process.kill('SIGKILL');
      await pty.ended;
      pty.close();
    }
    const changed = [...readCapture(pair.capture)].filter(({ sentBytes }) => sentBytes !== undefined);
    expect(changed.map(({ sentBytes = new Uint8Array(0) }) => Buffer.from(sentBytes).toString('hex'))).toEqual([
      '0200000001000000080000000000006001000000',
    ]);
  });

  it('MQ masked on a network card with two queue pairs: guest and DPDK agree on one', async () => {
    const pair = new Pair('mask-mq');
    const backEnd = await pair.start('back-end', netVhost([pair.backSocket], { pairs: 2 }));
    await startWithRules(pair, 'rules: [{ do: { mask: { virtio: [MQ] } } }]\n');
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'about,net', device: devices.netWithTwoPairs, more: twoProcessors }),
    );
    expect((await about(machine, 'features'))[22]).toBe('0');
    expect(await about(machine, 'queues')).toBe('/sys/class/net/eth0/queues/rx-0');
    await machine.prints(/guest: net ok/);
    await ended(pair, machine);
    expect(backEnd.output).toMatch(/VHOST_CONFIG/);
    expect(changes(pair).altered).toContain('GET_FEATURES =');
    const enabled = pair.records().filter(({ name }) => name === 'SET_VRING_ENABLE');
    expect(enabled.length).toBeGreaterThan(0);
  });

  it('the same card without the rule has two', async () => {
    const pair = new Pair('unmasked-mq');
    await pair.start('back-end', netVhost([pair.backSocket], { pairs: 2 }));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'about', device: devices.netWithTwoPairs, more: twoProcessors }),
    );
    expect((await about(machine, 'features'))[22]).toBe('1');
    expect(await about(machine, 'queues')).toBe('/sys/class/net/eth0/queues/rx-0 /sys/class/net/eth0/queues/rx-1');
    await ended(pair, machine);
  });

  it('DISCARD masked on a disk: sysfs of the guest shows it gone', async () => {
    const pair = new Pair('mask-discard');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await startWithRules(pair, 'rules: [{ do: { mask: { virtio: [VIRTIO_BLK_F_DISCARD] } } }]\n');
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'about,blk', device: devices.blk }));
    expect((await about(machine, 'features'))[13]).toBe('0');
    expect(await about(machine, 'discard')).toBe('0');
    await machine.prints(/guest: blk ok/);
    await ended(pair, machine);
    expect(changes(pair).altered.every(name => name === 'GET_FEATURES =')).toBe(true);
  });

  it('fields of the configuration space set by a rule: the guest has a smaller disk', async () => {
    const pair = new Pair('set-capacity');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    const set = '{ config.capacity: 4096, config.blk.max_discard_sectors: 16 }';
    await startWithRules(pair, `rules: [{ when: GET_CONFIG and reply, do: { set: ${set} } }]\n`);
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'blk_seen,blk', device: devices.blk }),
    );
    await machine.prints(/guest: vda has 4096 sectors of 512 bytes, discards 8192\r?\n/);
    await machine.prints(/guest: blk ok/);
    await ended(pair, machine);
    expect(changes(pair)).toEqual({ altered: ['GET_CONFIG ='], injected: [] });
    const { bytes, sentBytes = new Uint8Array(0) } = [...readCapture(pair.capture)].find(one => one.sentBytes) ?? {};
    const differing = [...sentBytes.keys()].filter(i => sentBytes[i] !== bytes?.[i]);
    // Bytes 0 to 7 and 36 to 39 of the configuration space are all that may differ.
    expect(differing.every(i => (i >= 24 && i < 32) || (i >= 60 && i < 64))).toBe(true);
  });

  it('GET_CONFIG refused: QEMU does not start the disk', async () => {
    const pair = new Pair('refuse-config');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await pair.startProxy('is there', ['--rules', 'refuse-get-config']);
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'blk', device: devices.blk }));
    expect(await machine.end()).toBe(1);
    expect(machine.output).toMatch(/Received bad msg size/);
    await pair.stopProxy();
    await stopAll();
    // QEMU tries three times more.
    expect(changes(pair)).toEqual({
      altered: Array(4).fill('GET_CONFIG'),
      injected: Array(4).fill('GET_CONFIG ='),
    });
  });
});
