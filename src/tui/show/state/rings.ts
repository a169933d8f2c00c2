/** The rings as a table of their life: size, where they begin, notifications, started, enabled. */
import { locate } from '../../../decode/session/memory.ts';
import type { Notifier, Vring } from '../../../decode/session/vring.ts';
import { vringName } from '../../../decode/spec/devices/device.ts';
import { deviceById } from '../../../decode/spec/devices/index.ts';
import type { ConnectionState } from '../../../trace/questions.ts';
import { type Span, type Style, span } from '../../frame.ts';
import { aligned, padded } from '../../width.ts';
import type { Section, StateLine } from './section.ts';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly right?: true;
  text(ring: Vring, connection: ConnectionState): string;
  style?(ring: Vring): Style;
}

const notifier = (one: Notifier | undefined): string => {
  if (!one) return '-';
  if (one.nofd) return 'poll';
  const identity = one.fd?.identity;
  return identity ? `${identity.kind}${identity.object === undefined ? '' : `#${identity.object}`}` : 'missing';
};

const columns: readonly Column[] = [
  { title: 'ring', width: 4, right: true, text: ({ index }) => String(index) },
  {
    title: 'name',
    width: 12,
    text: ({ index }, { device, state }) => {
      const spec = deviceById(device);
      return (spec && vringName(spec, index, state.negotiation.virtio.accepted)) ?? '';
    },
  },
  { title: 'size', width: 6, right: true, text: ({ num }) => (num === undefined ? '-' : String(num)) },
  { title: 'base', width: 6, right: true, text: ({ base }) => (base === undefined ? '-' : String(base.word)) },
  { title: 'kick', width: 11, text: ({ kick }) => notifier(kick), style: () => 'fd' },
  { title: 'call', width: 11, text: ({ call }) => notifier(call), style: () => 'fd' },
  { title: 'err', width: 11, text: ({ err }) => notifier(err), style: () => 'fd' },
  {
    title: 'state',
    width: 8,
    text: ({ running }) => running,
    style: ring => (ring.running === 'started' ? 'good' : 'faint'),
  },
  {
    title: 'switch',
    width: 9,
    text: ({ switched }) => switched,
    style: ring => (ring.switched === 'enabled' ? 'good' : 'faint'),
  },
  { title: 'stopped at', width: 10, text: ({ stoppedAt }) => (stoppedAt === undefined ? '' : String(stoppedAt.word)) },
];

function ringLine(ring: Vring, connection: ConnectionState): StateLine {
  const before = connection.before?.vrings.byIndex.get(ring.index);
  const line = columns.map((column): Span => {
    const { width, right, text, style } = column;
    const now = text(ring, connection);
    const changed = ring.changedAt === connection.n && (!before || text(before, connection) !== now);
    return span(
      `${right ? aligned(now, width) : padded(now, width)} `,
      changed ? 'changed' : (style?.(ring) ?? 'plain'),
    );
  });
  return { line: [span(' '), ...line], n: ring.changedAt };
}

/** Where the parts of a ring lie, as far as the memory tells. */
function addressLine(ring: Vring, { state, n }: ConnectionState): StateLine[] {
  const { address } = ring;
  if (!address) return [];
  const at = (name: string, where: bigint): Span[] => {
    const place = locate(state.memory, where, 1n);
    return [
      span(`${name} `, 'faint'),
      span(`0x${where.toString(16)}`, address.n === n ? 'changed' : 'frontEnd'),
      span(place ? ` (guest 0x${place.guestAddress.toString(16)})  ` : ' (in no region)  ', place ? 'faint' : 'warn'),
    ];
  };
  const line = [
    span(`${aligned(String(ring.index), 5)}  `, 'faint'),
    ...at('descriptors', address.descriptor),
    ...at('available', address.available),
    ...at('used', address.used),
  ];
  return [{ line, n: address.n }];
}

/** The rings. */
export const rings: Section = {
  title: 'Rings',
  lines: connection => {
    const all = [...connection.state.vrings.byIndex.values()].sort((a, b) => a.index - b.index);
    if (all.length === 0) return [];
    const head = columns.map(({ title, width, right }) => `${right ? aligned(title, width) : padded(title, width)} `);
    return [
      { line: [span(` ${head.join('')}`, 'faint')] },
      ...all.map(ring => ringLine(ring, connection)),
      ...all.flatMap(ring => addressLine(ring, connection)),
    ];
  },
};
