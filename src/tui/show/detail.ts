/** What is told of one record, as lines: what it is, what was found, its fields, its descriptors. */
import { duration } from '../../decode/text/remarks.ts';
import type { Detail, ListedNote } from '../../trace/questions.ts';
import { type Line, type Style, span } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import { drawable } from '../width.ts';
import { descriptorText } from './descriptor.ts';
import { fieldDifference } from './difference.ts';
import { fieldLines, type Toggled } from './fields.ts';
import { spansOf } from './painted.ts';
import { severityStyles } from './severity.ts';
import { wrapped } from './wrap.ts';

/** One line, and what can be done on it. */
export interface DetailLine {
  readonly line: Line;
  readonly heading?: boolean;
  /** The field it shows. */
  readonly field?: { readonly path: string; readonly offset: number; readonly length: number; readonly folds: boolean };
  /** A row to go to. */
  readonly row?: number;
}

/** What a detail is drawn with. */
export interface DetailLook {
  readonly width: number;
  readonly glyphs: Glyphs;
  readonly toggled: Toggled;
  /** What was written about it. */
  readonly notes?: readonly ListedNote[];
}

/** The lines of a detail. */
export function detailLines(detail: Detail, look: DetailLook): DetailLine[] {
  return [
    { line: spansOf(detail.row.said) },
    ...declaration(detail, look),
    ...found(detail, look),
    ...titled('Stepped in', steppedIn(detail, look)),
    ...titled('Notes', noted(look)),
    ...titled('Fields', fields(detail, look)),
    ...titled('Event', body(detail)),
    ...titled('Descriptors', descriptors(detail)),
    ...titled('Problems', problems(detail)),
  ];
}

function titled(title: string, lines: readonly DetailLine[]): DetailLine[] {
  return lines.length === 0 ? [] : [{ line: [] }, { line: [span(title, 'title')], heading: true }, ...lines];
}

function text(words: string, width: number, style: Style = 'plain'): DetailLine[] {
  return wrapped(drawable(words), width).map(line => ({ line: [span(line, style)] }));
}

/** What the message is for, where it stands in the specification, who sends it, what it belongs to. */
function declaration({ declared, row, callPath }: Detail, { width, glyphs }: DetailLook): DetailLine[] {
  const lines: DetailLine[] = [];
  if (declared) {
    const also = declared.aliases.length > 0 ? `, also ${declared.aliases.join(', ')}` : '';
    const whose = declared.private === undefined ? '' : `, private to ${declared.private}`;
    lines.push(...text(declared.doc, width));
    lines.push(...text(`specification: ${declared.section}; since ${declared.since}${whose}${also}`, width, 'faint'));
  }
  if (callPath) lines.push(...text(`QEMU: ${callPath.join(` ${glyphs.arrowRight} `)}`, width, 'faint'));
  if (row.phase !== undefined) lines.push({ line: [span('phase: ', 'faint'), span(row.phase)] });
  if (row.partner !== undefined) {
    const words = row.reply ? 'go to the request that it answers' : 'go to the reply';
    lines.push({ line: [span(words, 'event')], row: row.partner });
  }
  return lines;
}

function found({ findings }: Detail, { width }: DetailLook): DetailLine[] {
  const lines = findings.flatMap(({ severity, name, rule, message, remedy, spec }) => [
    { line: [span(`${severity}: ${name}`, severityStyles[severity]), span(` ${rule}`, 'faint')] },
    ...text(message, width),
    ...text(`${remedy} (${spec})`, width, 'faint'),
  ]);
  return lines.length === 0 ? [] : [{ line: [] }, ...lines];
}

/** What a person or a rule has done with it: how long it was held, what went on in its place. */
function steppedIn({ frame, tree, sentTree }: Detail, { width, glyphs }: DetailLook): DetailLine[] {
  const { heldNs, injected, sentBytes, sentFds } = frame;
  const lines = heldNs === undefined ? [] : text(`held for ${duration(Number(heldNs), glyphs.micro)}`, width);
  if (injected) lines.push(...text('made by vhuscope: nobody else has said it', width, 'warn'));
  if (!sentBytes) return lines;
  if (!sentTree) return [...lines, ...text('not sent on', width, 'warn')];
  const descriptors =
    sentFds && `with ${sentFds.length === 0 ? 'no descriptor' : sentFds.map(descriptorText).join(', ')}`;
  return [
    ...lines,
    ...text('sent on otherwise; as it came, and as it went on:', width, 'warn'),
    ...fieldDifference(tree, sentTree, width).filter(({ differs }) => differs),
    ...(descriptors === undefined ? [] : text(descriptors, width, 'fd')),
  ];
}

/** What people wrote about it; each line leads to the note. */
function noted({ notes = [], width }: DetailLook): DetailLine[] {
  return notes.flatMap(({ row, text: words, author }) =>
    wrapped(drawable(author === undefined ? words : `${words} (${author})`), width).map(line => ({
      line: [span(line, 'event')],
      row,
    })),
  );
}

function fields({ tree, mask }: Detail, { toggled, glyphs }: DetailLook): DetailLine[] {
  return fieldLines(tree, toggled, glyphs, mask).map(({ path, node: { offset, length, children }, line }) => ({
    line,
    field: { path, offset, length, folds: children.length > 0 },
  }));
}

function body({ body: keys }: Detail): DetailLine[] {
  return keys.map(([key, value]) => ({
    line: [span(`${drawable(key).padEnd(18)} `, 'key'), span(drawable(value))],
  }));
}

/** Each descriptor, and every record that carried the same object. */
function descriptors({ fds, row }: Detail): DetailLine[] {
  return fds.flatMap(({ identity, passings }): DetailLine[] => [
    { line: [span(descriptorText(identity), 'fd')] },
    ...passings.map(({ row: at, n, name }) => ({
      line: [
        span(`    ${n} ${name}`, at === row.row ? 'faint' : 'event'),
        span(at === row.row ? '  (this one)' : '', 'faint'),
      ],
      row: at,
    })),
  ]);
}

function problems({ problems: all }: Detail): DetailLine[] {
  return all.map(({ path, offset, message }) => ({
    line: [span(drawable(`${path === '' ? 'message' : path} at byte ${offset}: ${message}`), 'bad')],
  }));
}
