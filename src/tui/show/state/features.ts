/** Feature masks as tables: each bit, whether the back-end offered it, whether the front-end accepted it. */
import { featureBits } from '../../../decode/features.ts';
import type { FeaturesField } from '../../../decode/schema.ts';
import type { Mask } from '../../../decode/session/negotiation.ts';
import { bitsOf, hasBit } from '../../../decode/u64.ts';
import type { ConnectionState } from '../../../trace/questions.ts';
import { type Line, type Span, span } from '../../frame.ts';
import { drawable, padded } from '../../width.ts';
import { standingOf } from '../standing.ts';
import type { Section, StateLine, StateLook } from './section.ts';

const nameWidth = 24;

function maskLines(
  mask: Mask,
  before: Mask | undefined,
  of: FeaturesField['of'],
  { device }: ConnectionState,
  look: StateLook,
): StateLine[] {
  const { offered, accepted } = mask;
  if (offered === undefined && accepted === undefined) return [];
  const names = featureBits(of, device);
  const { yes, no, arrowLeft } = look.glyphs;
  const sign = (value: bigint | undefined, bit: number): Span =>
    value === undefined ? span('?', 'faint') : hasBit(value, bit) ? span(yes, 'good') : span(no, 'faint');
  const head: Line = [
    span(`${padded(' bit', 6)}${padded('name', nameWidth)} `, 'faint'),
    span('offered', 'backEnd'),
    span(' '),
    span('accepted', 'frontEnd'),
  ];
  const bits = bitsOf((offered ?? 0n) | (accepted ?? 0n));
  const lines = bits.map((bit): StateLine => {
    const { word, style } = standingOf({ offered, accepted }, bit, look.glyphs);
    const changed = differs(before?.offered, offered, bit) || differs(before?.accepted, accepted, bit);
    const named = names[bit];
    const n = accepted !== undefined && hasBit(accepted, bit) ? mask.acceptedAt : mask.offeredAt;
    const line: Line = [
      span(`${String(bit).padStart(4)}  `, 'faint'),
      span(padded(drawable(named?.name ?? `bit ${bit}`), nameWidth), changed ? 'changed' : style),
      span('    '),
      sign(offered, bit),
      span('       '),
      sign(accepted, bit),
      span(`     ${padded(word, 13)}`, style),
      ...(changed ? [span(`${arrowLeft} `, 'changed')] : []),
      span(drawable(named?.doc ?? 'has no name'), 'faint'),
    ];
    return { line, ...(n !== undefined && { n }) };
  });
  return [{ line: head }, ...lines];
}

/** Whether a bit was said anew or otherwise by the last message. */
function differs(before: bigint | undefined, now: bigint | undefined, bit: number): boolean {
  if (before === now || now === undefined) return false;
  return before === undefined ? hasBit(now, bit) : hasBit(before, bit) !== hasBit(now, bit);
}

/** The device's features. */
export const virtio: Section = {
  title: 'Virtio features',
  lines: (connection, look) =>
    maskLines(connection.state.negotiation.virtio, connection.before?.negotiation.virtio, 'virtio', connection, look),
};

/** Those of vhost-user itself. */
export const protocol: Section = {
  title: 'Protocol features',
  lines: (connection, look) =>
    maskLines(
      connection.state.negotiation.protocol,
      connection.before?.negotiation.protocol,
      'protocol',
      connection,
      look,
    ),
};

/** Limits, owner and status. */
export const negotiated: Section = {
  title: 'Negotiated',
  lines: ({ state: { negotiation }, before }) => {
    const facts: readonly [name: string, value: unknown, was: unknown, n?: number | undefined][] = [
      [
        'owner',
        negotiation.owner && `set by record ${negotiation.owner}`,
        before?.negotiation.owner && `set by record ${before.negotiation.owner}`,
        negotiation.owner,
      ],
      ['queues', negotiation.queueNum, before?.negotiation.queueNum],
      ['memory slots', negotiation.memorySlots, before?.negotiation.memorySlots],
      ['MTU', negotiation.mtu, before?.negotiation.mtu],
      ['device status', negotiation.status, before?.negotiation.status],
    ];
    return facts.flatMap(([name, value, was, n]): StateLine[] => {
      if (value === undefined) return [];
      const line = [span(` ${padded(name, 20)} `, 'key'), span(String(value), value === was ? 'plain' : 'changed')];
      return [{ line, ...(n !== undefined && { n }) }];
    });
  },
};
