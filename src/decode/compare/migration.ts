/**
 * Two recordings of one migration, of its source and its destination: the devices of both paired, and what must have
 * been handed over unchanged. Each check is an entry. Pure.
 */
import type { ConnectionAccount, RecordingAccount } from '../account/account.ts';
import { spell, transportBit } from '../check/masks.ts';
import { merged } from '../session/memory.ts';
import { deviceById } from '../spec/devices/index.ts';
import { sizeText } from '../text/descriptors.ts';
import { duration } from '../text/remarks.ts';
import { hex, normalU64 } from '../u64.ts';

/** How a check ended: `unknown` where the recordings do not tell. */
export type Outcome = 'ok' | 'bad' | 'unknown';

/** What a check says. */
export interface Said {
  readonly outcome: Outcome;
  readonly what: string;
}

/** One check of a device that was migrated. */
export interface MigrationCheck {
  readonly id: string;
  readonly title: string;
  readonly check: (source: ConnectionAccount, destination: ConnectionAccount) => Said;
}

/** A device on both sides. */
export interface MigratedDevice {
  readonly device: string;
  readonly source: string;
  readonly destination: string;
  readonly checks: readonly (Said & { readonly id: string; readonly title: string })[];
  /** Nanoseconds in which no ring was served: from the stop on one side to the start on the other. */
  readonly brownOutNs?: number;
}

/** The whole comparison. */
export interface MigrationComparison {
  readonly devices: readonly MigratedDevice[];
  /** Connections of one side that the other one lacks, in words. */
  readonly alone: readonly string[];
}

const ok = (what: string): Said => ({ outcome: 'ok', what });
const bad = (what: string): Said => ({ outcome: 'bad', what });
const unknown = (what: string): Said => ({ outcome: 'unknown', what });

const logAll = transportBit('LOG_ALL');
const accepted = ({ story }: ConnectionAccount): bigint | undefined => story.state.negotiation.virtio.accepted;

/** What must fit, in the order in which it is told. */
export const migrationChecks: readonly MigrationCheck[] = [
  {
    id: 'features',
    title: 'virtio features',
    check: (source, destination) => {
      const [was, is] = [accepted(source), accepted(destination)];
      if (was === undefined || is === undefined) return unknown('one side never acknowledged features');
      const [lost, gained] = [was & ~is & ~logAll, is & ~was & ~logAll];
      const told = [
        ...(lost === 0n ? [] : [`lost ${spell('virtio', lost, source.device)}`]),
        ...(gained === 0n ? [] : [`gained ${spell('virtio', gained, source.device)}`]),
      ];
      return told.length === 0 ? ok('the same') : bad(told.join(', '));
    },
  },
  {
    id: 'protocol_features',
    title: 'protocol features',
    check: (source, destination) => {
      const of = ({ story }: ConnectionAccount): bigint => story.state.negotiation.protocol.accepted ?? 0n;
      const changed = of(source) ^ of(destination);
      // Each connection negotiates its own; a difference is worth knowing, and no fault.
      return ok(
        changed === 0n ? 'the same' : `each its own: ${spell('protocol', changed, undefined)} on one side only`,
      );
    },
  },
  {
    id: 'bases',
    title: 'rings',
    check: ({ story }, { firstBases }) => {
      const stopped = [...story.state.vrings.byIndex.values()].flatMap(({ index, stoppedAt }) =>
        stoppedAt ? [{ index, word: stoppedAt.word }] : [],
      );
      if (stopped.length === 0) return unknown('no ring was stopped at the source');
      const wrong = stopped.filter(({ index, word }) => firstBases.get(index) !== word);
      if (wrong.length === 0)
        return ok(stopped.map(({ index, word }) => `ring ${index} goes on at ${word}`).join(', '));
      return bad(
        wrong
          .map(({ index, word }) => `ring ${index} stopped at ${word}, began at ${firstBases.get(index) ?? 'nothing'}`)
          .join(', '),
      );
    },
  },
  {
    id: 'memory',
    title: 'guest memory',
    check: (source, destination) => {
      const of = ({ story }: ConnectionAccount): string =>
        merged(story.state.memory)
          .map(({ guestAddress, size }) => `${hex(normalU64(guestAddress))} ${sizeText(Number(size))}`)
          .join(', ');
      const [was, is] = [of(source), of(destination)];
      if (was === '' || is === '') return unknown('one side shared none');
      return was === is ? ok(was) : bad(`${was} at the source, ${is} at the destination`);
    },
  },
  {
    id: 'config',
    title: 'configuration space',
    check: (source, destination) => {
      const [was, is] = [source.story.state.config, destination.story.state.config];
      if (was.bytes.length === 0 || is.bytes.length === 0) return unknown('not read on both sides');
      const length = Math.min(was.bytes.length, is.bytes.length);
      for (let i = 0; i < length; i++) {
        if (was.seen[i] && is.seen[i] && was.bytes[i] !== is.bytes[i]) return bad(`differs from byte ${i} on`);
      }
      return ok(`${length} bytes, the same`);
    },
  },
  {
    id: 'inflight',
    title: 'requests in flight',
    check: (source, destination) => {
      const [was, is] = [source.story.state.migration.inflight, destination.story.state.migration.inflight];
      if (!was && !is) return ok('no region on either side');
      if (!was || !is) return bad(`only the ${was ? 'source' : 'destination'} has a region`);
      const same = was.queues === is.queues && was.queueSize === is.queueSize;
      return same ? ok(`${is.queues} × ${is.queueSize} on both sides`) : bad('the regions are of different size');
    },
  },
  {
    id: 'log',
    title: 'dirty log',
    check: (source, destination) => {
      const { log } = source.story.state.migration;
      if (((accepted(destination) ?? 0n) & logAll) !== 0n) return bad('LOG_ALL is still set at the destination');
      return log
        ? ok(`${sizeText(Number(log.size))} at the source, LOG_ALL is clear at the destination`)
        : unknown('the source never logged: rings were stopped, or no migration was recorded');
    },
  },
  {
    id: 'device_state',
    title: 'state of the back-end',
    check: (source, destination) => {
      const [saved, loaded] = [source.story.state.migration.transfer, destination.story.state.migration.transfer];
      if (saved.phase === 'none' && loaded.phase === 'none') return ok('none is transferred');
      if (saved.phase === 'none') return bad('loaded at the destination, never saved at the source');
      if (loaded.phase === 'none') return bad('saved at the source, never loaded at the destination');
      const failed = [saved.result !== 0 && 'saving', loaded.result !== 0 && 'loading'].filter(Boolean);
      return failed.length === 0 ? ok('saved and loaded') : bad(`${failed.join(' and ')} failed or was not finished`);
    },
  },
];

/** Compares the recordings of both sides. */
export function compareMigration(source: RecordingAccount, destination: RecordingAccount): MigrationComparison {
  const left = spoken(source);
  const right = spoken(destination);
  const devices: MigratedDevice[] = [];
  for (const one of [...left]) {
    const other = right.find(({ device }) => device === one.device);
    if (!other) continue;
    left.splice(left.indexOf(one), 1);
    right.splice(right.indexOf(other), 1);
    devices.push(migrated(one, other));
  }
  const alone = [
    ...left.map(one => `${titleOf(one)} (${nameOf(one)}) is at the source only`),
    ...right.map(one => `${titleOf(one)} (${nameOf(one)}) is at the destination only`),
  ];
  return { devices, alone };
}

/** The last connection of each device: the one that was migrated. */
function spoken({ connections }: RecordingAccount): ConnectionAccount[] {
  const last = new Map<string, ConnectionAccount>();
  for (const one of connections) if (one.messages > 0) last.set(`${one.pair}/${one.session}`, one);
  return [...last.values()];
}

function migrated(source: ConnectionAccount, destination: ConnectionAccount): MigratedDevice {
  const brownOutNs = brownOut(source, destination);
  return {
    device: titleOf(source),
    source: nameOf(source),
    destination: nameOf(destination),
    checks: [
      ...migrationChecks.map(({ id, title, check }) => ({ id, title, ...check(source, destination) })),
      { id: 'brown_out', title: 'brown-out', ...brownOutSaid(brownOutNs) },
    ],
    ...(brownOutNs !== undefined && { brownOutNs }),
  };
}

function brownOut({ steps }: ConnectionAccount, destination: ConnectionAccount): number | undefined {
  // The stop that led to the migration is the last one; a guest's reboot stops rings too.
  let stop = steps.findLastIndex(({ name }) => name.startsWith('GET_VRING_BASE'));
  while (stop > 0 && steps[stop - 1]?.phase === 'stop') stop--;
  const start = destination.steps.find(({ name }) => name === 'SET_VRING_KICK' || name === 'VRING_KICK');
  const stopped = steps[stop];
  return stopped && start ? Number(start.wallNs - stopped.wallNs) : undefined;
}

/** Longer than a migration's end takes, or negative: the clocks of two machines. */
const implausible = 3600e9;

function brownOutSaid(ns: number | undefined): Said {
  if (ns === undefined) return unknown('no ring was stopped at the source and started at the destination');
  if (ns < 0 || ns > implausible) return unknown(`${duration(ns)} between both clocks: they do not agree`);
  return ok(`${duration(ns)} from the stop at the source to the first ring at the destination`);
}

function nameOf({ pair, session, epoch }: ConnectionAccount): string {
  return `${pair} ${session}.${epoch}`;
}

function titleOf({ device }: ConnectionAccount): string {
  return device === undefined ? 'unknown device' : (deviceById(device)?.name ?? `device ${device}`);
}
