/** What was set up: memory, rings, shared areas. Addresses of processes are no facts: they differ in every run. */
import type { ConnectionAccount } from '../../account/account.ts';
import type { SharedArea } from '../../session/migration.ts';
import type { Notifier, Vring } from '../../session/vring.ts';
import { vringName } from '../../spec/devices/device.ts';
import { deviceById } from '../../spec/devices/index.ts';
import { sizeText } from '../../text/descriptors.ts';
import { hex, normalU64 } from '../../u64.ts';
import { type Aspect, type Facts, factsOf } from '../aspect.ts';

function memory({ story }: ConnectionAccount): Facts {
  const { regions, by } = story.state.memory;
  return factsOf([
    ['announced', by === 'slots' ? 'region by region' : by === 'table' ? 'as one table' : 'never'],
    ...regions.map(({ guestAddress, size, userAddress, fd }): [string, string] => {
      const where = guestAddress === userAddress ? 'a process' : `guest ${hex(normalU64(guestAddress))}`;
      return [where, `${sizeText(Number(size))}, ${fd?.identity.kind ?? 'no descriptor'}`];
    }),
  ]);
}

const notified = (one: Notifier | undefined): string =>
  one === undefined ? 'never set' : (one.fd?.identity.kind ?? (one.nofd ? 'poll' : 'none'));

function rings({ story, device }: ConnectionAccount): Facts {
  const spec = deviceById(device);
  const features = story.state.negotiation.virtio.accepted;
  return factsOf(
    inOrder(story.state.vrings.byIndex).map(ring => {
      const name = spec && vringName(spec, ring.index, features);
      const size = ring.num === undefined ? 'never set up' : `${ring.num} descriptors`;
      const enabled = ring.everEnabled ? 'enabled' : 'never enabled';
      const means = `kick ${notified(ring.kick)}, call ${notified(ring.call)}, err ${notified(ring.err)}`;
      return [`${ring.index}${name === undefined ? '' : ` (${name})`}`, `${size}, ${enabled}, ${means}`];
    }),
  );
}

function progress({ story }: ConnectionAccount): Facts {
  return factsOf(
    inOrder(story.state.vrings.byIndex).flatMap(({ index, base, stoppedAt, running, switched }) => [
      [`ring ${index} is`, `${running}, ${switched}`],
      [`ring ${index} from`, base?.word],
      [`ring ${index} stopped at`, stoppedAt?.word],
    ]),
  );
}

const inOrder = (rings: ReadonlyMap<number, Vring>): Vring[] => [...rings.values()].sort((a, b) => a.index - b.index);

const area = (one: SharedArea | undefined): string | undefined => one && `${sizeText(Number(one.size))}`;

/** Aspects of what was set up. */
export const sized: readonly Aspect[] = [
  { id: 'memory', title: 'guest memory', counts: true, facts: memory },
  { id: 'rings', title: 'rings', counts: true, facts: rings },
  {
    id: 'shared',
    title: 'inflight region and log',
    counts: true,
    facts: ({ story }) => {
      const { inflight, log, transfer, postcopy } = story.state.migration;
      return factsOf([
        ['inflight region', inflight && `${area(inflight)} for ${inflight.queues} × ${inflight.queueSize}`],
        ['dirty log', area(log)],
        ['device state', transfer.phase === 'none' ? undefined : `${transfer.direction ?? ''} ${transfer.phase}`],
        ['postcopy', postcopy === 'none' ? undefined : postcopy],
      ]);
    },
  },
  { id: 'progress', title: 'where rings stood', counts: false, facts: progress },
];
