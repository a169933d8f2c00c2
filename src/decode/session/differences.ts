/** In what the two sides of a connection differ after vhuscope has stepped in. Pure. */
import { featureBits, namedBits } from '../features.ts';
import { hex, normalU64 } from '../u64.ts';
import type { Region } from './memory.ts';
import type { Mask } from './negotiation.ts';
import type { Session } from './session.ts';
import type { Notifier, Vring } from './vring.ts';

/** Something of which the sides know different things, in words; `–` where one knows nothing. */
export interface Difference {
  readonly what: string;
  readonly frontEnd: string;
  readonly backEnd: string;
}

/** Everything in which what the front-end knows differs from what the back-end knows. */
export function differences(front: Session, back: Session, device: number | undefined): Difference[] {
  return [
    ...maskDifferences('virtio', front.negotiation.virtio, back.negotiation.virtio, device),
    ...maskDifferences('protocol', front.negotiation.protocol, back.negotiation.protocol, device),
    ...(['owner', 'queueNum', 'memorySlots', 'mtu', 'status'] as const).flatMap(key =>
      difference(toldAs[key], text(front.negotiation[key]), text(back.negotiation[key])),
    ),
    ...difference('memory', regions(front.memory.regions), regions(back.memory.regions)),
    ...ringDifferences(front, back),
  ];
}

const toldAs = {
  owner: 'owner since record',
  queueNum: 'queues',
  memorySlots: 'memory slots',
  mtu: 'MTU',
  status: 'device status',
} as const;

function difference(what: string, frontEnd: string, backEnd: string): Difference[] {
  return frontEnd === backEnd ? [] : [{ what, frontEnd, backEnd }];
}

const text = (value: number | bigint | undefined): string => (value === undefined ? '–' : String(value));

function maskDifferences(of: 'virtio' | 'protocol', front: Mask, back: Mask, device: number | undefined): Difference[] {
  const bits = featureBits(of, device);
  const differing = (key: 'offered' | 'accepted', what: string): Difference[] => {
    const [ours, theirs] = [front[key], back[key]];
    if (ours === theirs) return [];
    const only = (mask: bigint | undefined, other: bigint | undefined): string => {
      if (mask === undefined) return '–';
      const { names, unknown } = namedBits(bits, normalU64(mask & ~(other ?? 0n)));
      return [...names, ...(Number(unknown) === 0 ? [] : [hex(unknown)])].join('|') || 'without those';
    };
    return [{ what: `${of} features ${what}`, frontEnd: only(ours, theirs), backEnd: only(theirs, ours) }];
  };
  return [...differing('offered', 'offered'), ...differing('accepted', 'acknowledged')];
}

function regions(all: readonly Region[]): string {
  const told = all.map(({ guestAddress, size }) => `${hex(normalU64(guestAddress))}+${hex(normalU64(size))}`);
  return told.join(' ') || '–';
}

function ringDifferences(front: Session, back: Session): Difference[] {
  const indices = new Set([...front.vrings.byIndex.keys(), ...back.vrings.byIndex.keys()]);
  return [...indices]
    .sort((a, b) => a - b)
    .flatMap(index => {
      const [ours, theirs] = [front, back].map(({ vrings }) => ringFacts(vrings.byIndex.get(index)));
      return Object.keys(ringFacts(undefined)).flatMap(what =>
        difference(`ring ${index} ${what}`, ours?.[what] as string, theirs?.[what] as string),
      );
    });
}

function ringFacts(ring: Vring | undefined): Record<string, string> {
  const { num, base, address, kick, call, err } = ring ?? {};
  const notified = (one: Notifier | undefined): string =>
    one === undefined ? '–' : one.fd ? one.fd.identity.kind : one.nofd ? 'none' : 'no descriptor';
  return {
    state: ring ? `${ring.running}, ${ring.switched}` : '–',
    num: text(num),
    base: text(base?.word),
    addresses: address ? [address.descriptor, address.used, address.available].map(at => hex(at)).join(' ') : '–',
    kick: notified(kick),
    call: notified(call),
    err: notified(err),
  };
}
