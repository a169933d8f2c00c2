import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Pair, traceOf } from '../pair.ts';
import { devices, qemu } from '../peers.ts';
import { type Ending, run, stopAll } from '../programs.ts';
import { appears } from '../rig.ts';

/** What a QEMU without a back-end does in five seconds: how it ends, how often it tries to connect, what it prints. */
interface Attempts {
  ending: Ending | 'still trying';
  attempts: number;
  /** Why it could not connect, in its own words. */
  said: string[];
}

const kinds = { net: devices.net(), blk: devices.blk, fs: devices.fs } as const;
const seconds = 5;

/** The back-end was never there, or left the file of its socket behind. */
const absences = ['no socket', 'stale socket'] as const;

const rows = Object.keys(kinds).flatMap(kind =>
  [0, 1].flatMap(reconnect => absences.map(absence => ({ kind: kind as keyof typeof kinds, reconnect, absence }))),
);
const key = (row: (typeof rows)[number]) => `${row.kind}, reconnect=${row.reconnect}, ${row.absence}`;

/** Starts one QEMU, without a guest to speak of, and watches it. */
async function attempt(row: (typeof rows)[number], proxied: boolean): Promise<Attempts> {
  const name = key(row).replaceAll(/[^a-z0-9]+/g, '-');
  const pair = new Pair(`absent-${name}-${proxied ? 'proxy' : 'direct'}`);
  if (row.absence === 'stale socket')
    run('python3', ['-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', pair.backSocket]);
  if (proxied) await pair.startProxy('is absent');
  if (proxied && row.absence === 'stale socket') await appears(pair.frontSocket, 15, () => true);
  const socket = proxied ? pair.frontSocket : pair.backSocket;
  const chardev = `reconnect=${row.reconnect}`;
  const machine = await pair.start('front-end', qemu(socket, { tasks: 'idle', device: kinds[row.kind], chardev }));
  const ending = await machine.end(seconds).catch(() => 'still trying' as const);
  await machine.stop('SIGKILL');
  const { connects } = traceOf(pair.traces['front-end'][0] as string);
  const said = [...machine.output.matchAll(/Failed to connect to '[^']*': (.*)/g)].map(match => match[1] as string);
  return {
    ending,
    attempts: connects.filter(connect => connect.path === socket).length,
    said: [...new Set(said)],
  };
}

describe('a back-end that is absent looks the same through vhuscope', () => {
  const seen = new Map<string, [direct: Attempts, proxied: Attempts]>();

  beforeAll(async () => {
    for (const batch of [rows.filter(row => row.reconnect === 0), rows.filter(row => row.reconnect === 1)]) {
      const direct = await Promise.all(batch.map(row => attempt(row, false)));
      await stopAll();
      const proxied = await Promise.all(batch.map(row => attempt(row, true)));
      await stopAll();
      for (const [at, row] of batch.entries()) seen.set(key(row), [direct[at] as Attempts, proxied[at] as Attempts]);
    }
  });
  afterEach(stopAll);

  it.each(rows.map(row => [key(row)]))('%s', name => {
    const [direct, proxied] = seen.get(name) as [Attempts, Attempts];
    expect(direct.attempts).toBeGreaterThan(0);
    expect(proxied.ending).toBe(direct.ending);
    expect(proxied.said).toEqual(direct.said);
    if (name.includes('reconnect=0')) expect(direct.said.length).toBe(1);
    expect(Math.abs(proxied.attempts - direct.attempts)).toBeLessThanOrEqual(1);
  });
});
