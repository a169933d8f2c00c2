import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectionAccount, RecordingAccount } from '../../src/decode/account/account.ts';
import { compareMigration, migrationChecks } from '../../src/decode/compare/migration.ts';
import type { Session } from '../../src/decode/session/session.ts';
import { accountOf } from '../../src/trace/accounting.ts';

const side = (name: string): RecordingAccount =>
  accountOf(resolve(import.meta.dirname, `../../captures/migration-${name}.pcapng`));

/** The recording with its only connection changed. */
function changed(
  recording: RecordingAccount,
  change: (one: ConnectionAccount) => Partial<ConnectionAccount>,
): RecordingAccount {
  return { ...recording, connections: recording.connections.map(one => ({ ...one, ...change(one) })) };
}
const withState = (one: ConnectionAccount, change: (state: Session) => Partial<Session>) => ({
  story: { ...one.story, state: { ...one.story.state, ...change(one.story.state) } },
});

describe.each(['blk', 'fs', 'net'])('a live migration of %s between two QEMUs', name => {
  it('hands everything over', () => {
    const { devices, alone } = compareMigration(side(`${name}-source`), side(`${name}-destination`));
    expect(alone).toEqual([]);
    expect(devices).toHaveLength(1);
    const [device] = devices;
    expect(device?.checks.filter(one => one.outcome === 'bad')).toEqual([]);
    expect(device?.checks.find(one => one.id === 'bases')?.outcome).toBe('ok');
    expect(device?.checks.find(one => one.id === 'log')?.what).toContain('8K at the source');
    expect(device?.brownOutNs).toBeGreaterThan(1e6);
    expect(device?.brownOutNs).toBeLessThan(1e9);
  });
});

describe('what a migration loses', () => {
  const outcomes = (destination: (one: ConnectionAccount) => Partial<ConnectionAccount>) => {
    const { devices } = compareMigration(side('fs-source'), changed(side('fs-destination'), destination));
    return devices[0]?.checks.filter(one => one.outcome === 'bad').map(one => [one.id, one.what]);
  };
  const negotiated = (one: ConnectionAccount, mask: (accepted: bigint) => bigint) =>
    withState(one, ({ negotiation }) => ({
      negotiation: {
        ...negotiation,
        virtio: { ...negotiation.virtio, accepted: mask(negotiation.virtio.accepted ?? 0n) },
      },
    }));

  it.each<[string, (one: ConnectionAccount) => Partial<ConnectionAccount>, RegExp]>([
    [
      'bases',
      () => ({
        firstBases: new Map([
          [0, 0],
          [1, 38],
        ]),
      }),
      /^ring 1 stopped at 39, began at 38$/,
    ],
    ['features', one => negotiated(one, mask => mask & ~(1n << 29n)), /^lost RING_EVENT_IDX$/],
    ['log', one => negotiated(one, mask => mask | (1n << 26n)), /^LOG_ALL is still set/],
    [
      'memory',
      one =>
        withState(one, ({ memory }) => ({
          memory: { ...memory, regions: memory.regions.map(region => ({ ...region, size: 1n << 27n })) },
        })),
      /128M at the destination$/,
    ],
    [
      'device_state',
      one => withState(one, ({ migration }) => ({ migration: { ...migration, transfer: { phase: 'none' } } })),
      /^saved at the source, never loaded/,
    ],
    [
      'device_state',
      one =>
        withState(one, ({ migration }) => ({
          migration: { ...migration, transfer: { ...migration.transfer, result: 1 } },
        })),
      /^loading failed/,
    ],
    [
      'inflight',
      one =>
        withState(one, ({ migration }) => ({
          migration: { ...migration, inflight: { n: 1, size: 1n, offset: 0n, queues: 1, queueSize: 1 } },
        })),
      /^only the destination/,
    ],
  ])('%s', (id, change, says) => {
    expect(outcomes(change)).toEqual([[id, expect.stringMatching(says)]]);
  });

  it('does not trust clocks that disagree', () => {
    const { devices } = compareMigration(side('blk-destination'), side('blk-source'));
    expect(devices[0]?.checks.find(one => one.id === 'brown_out')).toMatchObject({ outcome: 'unknown' });
  });

  it('names what only one side has', () => {
    const { devices, alone } = compareMigration(side('blk-source'), side('net-destination'));
    expect(devices).toEqual([]);
    expect(alone).toEqual([
      'blk (source.front 1.1) is at the source only',
      'net (destination.front 1.1) is at the destination only',
    ]);
  });

  it('has checks with ids of their own', () => {
    expect(new Set(migrationChecks.map(one => one.id)).size).toBe(migrationChecks.length);
  });
});
