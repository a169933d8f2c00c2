/** Messages that are held, as lines: what each is, who holds it, how long yet, who stands still meanwhile. Pure. */
import type { HeldStatus, RuleStatus } from '../../control/messages.ts';
import { decodeTree } from '../../decode/tree.ts';
import type { ConnectionState } from '../../trace/questions.ts';
import { type Line, type Span, type Style, span } from '../frame.ts';
import { directionSign, type Glyphs } from '../glyphs.ts';
import { contextOf, envelopeOf } from '../stepping/agreed.ts';
import { drawable } from '../width.ts';
import { descriptorText } from './descriptor.ts';
import { fieldLines, type Toggled } from './fields.ts';
import { sections } from './state/index.ts';
import { wrapped } from './wrap.ts';

/** A line about a held message. */
export interface HeldLine {
  readonly line: Line;
  readonly heading?: boolean;
  readonly held?: HeldStatus;
  /** A field that can be opened and closed, by its key among all held messages. */
  readonly folds?: string;
  /** Number of a record to go to. */
  readonly n?: number;
}

/** What the lines are drawn with. */
export interface HeldLook {
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly toggled: Toggled;
}

/** Whole seconds, rounded up: a countdown ends at nothing. */
const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;
const tenths = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** What is held, or how many, and when the next one goes on by itself: for the head line. */
export function heldInBrief(held: readonly HeldStatus[]): string {
  const left = held.flatMap(({ leftMs }) => leftMs ?? []);
  const next = left.length > 0 ? `, ${seconds(Math.min(...left))} left` : '';
  const [first] = held;
  return `${held.length === 1 && first ? drawable(first.name) : held.length} held${next}`;
}

/** All lines about one held message. */
export function heldLines(
  held: HeldStatus,
  rules: readonly RuleStatus[],
  state: ConnectionState | undefined,
  look: HeldLook,
): HeldLine[] {
  const lines: HeldLine[] = [
    { line: headLine(held, look.glyphs), heading: true },
    ...whose(held, rules).map(line => ({ line })),
    ...standstill(held, look.width).map(line => ({ line })),
    ...titled('Fields', fields(held, look)),
    ...titled('Descriptors', descriptors(held)),
    ...soFar(state, look),
    { line: [] },
  ];
  return lines.map(line => ({ ...line, held }));
}

function titled(title: string, lines: readonly HeldLine[]): HeldLine[] {
  return lines.length === 0 ? [] : [{ line: [span(title, 'title')] }, ...lines];
}

function headLine({ n, direction, name, channel, heldMs, leftMs }: HeldStatus, glyphs: Glyphs): Line {
  const forth = direction === 'front-to-back';
  const left = leftMs === undefined ? 'held for ever' : `goes on in ${seconds(leftMs)}`;
  return [
    span(`${n} `, 'faint'),
    span(`${directionSign(glyphs, direction)} `, forth ? 'frontEnd' : 'backEnd'),
    span(drawable(name), 'name'),
    ...(channel === 'main' ? [] : [span(` ${channel}`, 'faint')]),
    span(`  ${left}`, 'warn'),
    span(`  held for ${tenths(heldMs)}`, 'faint'),
  ];
}

/** Who holds it, and where. */
function whose({ rule, pair, session, epoch, line }: HeldStatus, rules: readonly RuleStatus[]): Line[] {
  const found = rules.find(({ name }) => name === rule);
  const by = found?.by ?? found?.place;
  return [
    [
      span('   by ', 'faint'),
      span(drawable(rule), 'key'),
      span(`${by === undefined ? '' : `, ${drawable(by)}`}; ${drawable(pair)} ${session}.${epoch}`, 'faint'),
    ],
    ...(line === '' ? [[span('   it is not going to be sent', 'bad')]] : []),
  ];
}

/** Who cannot go on meanwhile, and for how long that has been so. */
function standstill(held: HeldStatus, width: number): Line[] {
  const { waits, gone } = held;
  const sentences = [
    ...(gone === undefined ? [] : [`the ${gone}, which sent it, has hung up since`]),
    ...(waits === undefined ? [] : [waiting(held, waits)]),
  ];
  return sentences.flatMap(sentence =>
    wrapped(drawable(sentence), width - 3).map(text => [span(`   ${text}`, 'warn')]),
  );
}

function waiting(held: HeldStatus, waits: NonNullable<HeldStatus['waits']>): string {
  const isQemu = waits.side === 'front-end' && contextOf(held).frontEnd === 'qemu' && held.channel === 'main';
  return isQemu
    ? `QEMU's main loop has been blocked for ${tenths(waits.ms)}: it waits for the reply to ${waits.request}, guest and monitor stand still`
    : `the ${waits.side} has waited for the reply to ${waits.request} for ${tenths(waits.ms)}`;
}

function fields(held: HeldStatus, { toggled, glyphs }: HeldLook): HeldLine[] {
  if (held.bytes === undefined) return [];
  const { nodes } = decodeTree(held.bytes, envelopeOf(held));
  const own = new Set(
    [...toggled].flatMap(key => (key.startsWith(`${held.n}:`) ? [key.slice(`${held.n}:`.length)] : [])),
  );
  return fieldLines(nodes, own, glyphs).map(({ path, node, line }) => ({
    line,
    ...(node.children.length > 0 && { folds: `${held.n}:${path}` }),
  }));
}

/** What goes with it: as it came, or as somebody chose. */
function descriptors({ fds, sends }: HeldStatus): HeldLine[] {
  const shown = (text: string, note: string, style: Style = 'fd'): HeldLine => ({
    line: [span(`  ${drawable(text)}`, style), ...(note === '' ? [] : [span(`  ${note}`, 'changed')])] as Span[],
  });
  return [
    ...sends.map(word => {
      const came = fds[Number(word)];
      return came ? shown(descriptorText(came), '') : shown(`a fresh ${word}`, 'instead');
    }),
    ...fds.flatMap((fd, i) => (sends.includes(String(i)) ? [] : [shown(descriptorText(fd), 'left out', 'faint')])),
  ];
}

/** The session as it is while the message is held. */
function soFar(state: ConnectionState | undefined, look: HeldLook): HeldLine[] {
  if (!state) return [];
  return sections.flatMap(({ title, lines }): HeldLine[] =>
    titled(`So far: ${title.toLowerCase()}`, lines(state, look)),
  );
}
