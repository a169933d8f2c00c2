/**
 * The connection is closed instead of the nth message of the front-end, for messages of the handshake: what QEMU does.
 * With VHUSCOPE_DISCONNECTS=FILE for every n, with and without reconnect, and its rows go there (docs/disconnects.md);
 * else for a few.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { Pair } from '../pair.ts';
import { devices, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from '../peers.ts';
import { type Program, stopAll } from '../programs.ts';
import { scenarioFolder } from '../rig.ts';

const table = process.env.VHUSCOPE_DISCONNECTS;
const direct = process.env.VHUSCOPE_RIG_DIRECT === '1';

interface Device {
  device: readonly string[];
  /** Serves one connection; another is started for the next. */
  servesOne?: boolean;
  backEnd(pair: Pair): string[];
  /** Messages of the front-end until the guest uses the device. */
  handshake: number;
}

const kinds: Record<'blk' | 'net' | 'fs', Device> = {
  blk: {
    device: devices.blk,
    backEnd: pair => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)),
    handshake: 24,
  },
  net: { device: devices.net(), backEnd: pair => netVhost([pair.backSocket]), handshake: 30 },
  fs: {
    device: devices.fs,
    servesOne: true,
    backEnd: pair => virtiofsd(pair.backSocket, newShare(scenarioFolder(`${pair.name}-share`))),
    handshake: 24,
  },
};

interface Seen {
  /** The message that was not delivered; undefined where the conversation was over before. */
  message: string | undefined;
  outcome: string;
}

/** What QEMU complained of last, without what differs from run to run. */
function lastWords(machine: Program): string {
  const lines = machine.output.split('\n').filter(line => line.startsWith('qemu-system'));
  return (lines.at(-1) ?? '')
    .replace(/^qemu-system-x86_64: /, '')
    .replace(/-device [^:]*: /, '')
    .trim();
}

/** Runs one QEMU whose nth message is answered with a close. */
async function disconnectAt(kind: keyof typeof kinds, n: number, reconnect: boolean): Promise<Seen> {
  const { device, backEnd, servesOne } = kinds[kind];
  const pair = new Pair(`disconnect-${kind}`, { name: `d${kind}` });
  const rules = join(pair.folder, 'rules.yaml');
  writeFileSync(rules, `rules: [{ when: main and front-to-back, nth: ${n}, epoch: 1, do: { close: before } }]\n`);
  let back = await pair.start('back-end', backEnd(pair));
  await pair.startProxy('is there', ['--rules', rules]);
  const chardev = reconnect ? { chardev: 'reconnect=1' } : {};
  const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: kind, device, ...chardev }));
  let over = false;
  const restarting = (async () => {
    while (servesOne && !over) {
      await back.end(120).catch(() => {});
      if (!over) back = await pair.start('back-end', backEnd(pair)).catch(() => back);
    }
  })();
  const never = new Promise<never>(() => {});
  const done = await Promise.race([
    machine.prints(new RegExp(`guest: ${kind} (ok|failed)`), 22).then(
      ([, how]) => `the guest's ${kind} test: ${how}`,
      () => never,
    ),
    machine.end(22).then(status => `QEMU ends with ${status}`),
  ]).catch(() => 'QEMU or the guest hangs');
  const ending = machine.alive ? await machine.end(2).catch(() => 'alive') : undefined;
  over = true;
  machine.kill();
  await pair.stopProxy();
  await stopAll();
  await restarting;
  const frames = [...readCapture(pair.capture)];
  const dropped = frames.find(
    ({ kind: what, sentBytes, epoch }) => what === 'message' && epoch === 1 && sentBytes?.length === 0,
  );
  const epochs = Math.max(...frames.map(({ epoch }) => epoch));
  const words = lastWords(machine);
  const outcome = [done, ...(epochs > 1 ? [`${epochs} connections`] : []), ...(words ? [`“${words}”`] : [])].join('; ');
  return {
    message: dropped && decodeFrame(dropped).name,
    outcome: ending === 'alive' ? `${outcome}; QEMU stays` : outcome,
  };
}

describe.skipIf(direct)('the connection is closed instead of a message of the handshake', () => {
  afterEach(stopAll);

  const cases = (Object.keys(kinds) as (keyof typeof kinds)[]).flatMap(kind =>
    [false, true].flatMap(reconnect => {
      const all = Array.from({ length: kinds[kind].handshake }, (_, i) => i + 1);
      const few = kind === 'blk' ? [3] : [];
      return (table === undefined ? few : all).map(n => [kind, n, reconnect] as const);
    }),
  );

  it.each(cases)('%s at message %i, reconnect: %s', async (kind, n, reconnect) => {
    const { message, outcome } = await disconnectAt(kind, n, reconnect);
    if (table !== undefined) {
      appendFileSync(table, `| ${kind} | ${n} | ${message ?? '–'} | ${reconnect ? 'yes' : 'no'} | ${outcome} |\n`);
      return;
    }
    expect(message).toBe('SET_PROTOCOL_FEATURES');
    expect(outcome).toMatch(/guest's blk test: ok|QEMU ends with 1/);
  });
});
