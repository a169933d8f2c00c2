/** A draft as the lines of a form. */
import { type Line, type Span, span } from '../frame.ts';
import { type Glyphs, glyphsFor } from '../glyphs.ts';
import { descriptorText } from '../show/descriptor.ts';
import { wrapped } from '../show/wrap.ts';
import { drawable, padded } from '../width.ts';
import { bytesOf, type Draft, lineOf } from './draft.ts';
import { type Entry, type FormField, formFields, headerOf, type Negotiated, type Toggled } from './fields.ts';
import { layoutOf } from './layout.ts';
import { otherWay } from './leaf.ts';

/** What can be changed in a line. */
export type Target =
  | { readonly what: 'field'; readonly field: FormField }
  | { readonly what: 'fd'; readonly at: number }
  | { readonly what: 'new-fd'; readonly entry?: Entry }
  | { readonly what: 'need-reply' | 'keep-reply' | 'flags' | 'size' | 'connection' | 'layout' | 'line' | 'hex' };

/** A line of the form. */
export interface FormLine {
  readonly line: Line;
  readonly heading?: boolean;
  readonly target?: Target;
}

/** What a form is drawn with. */
export interface FormLook {
  readonly width: number;
  readonly ascii: boolean;
}

const nameWidth = 22;
const bytesInLine = 16;

/** The lines of the form. */
export function formLines(
  draft: Draft,
  negotiated: Negotiated | undefined,
  toggled: Toggled,
  look: FormLook,
): FormLine[] {
  const fields = formFields(draft, negotiated, toggled);
  const text = lineOf(draft, look.ascii);
  const titled = (title: string, lines: readonly FormLine[]): FormLine[] =>
    lines.length === 0 ? [] : [{ line: [] }, { line: [span(title, 'title')], heading: true }, ...lines];
  return [
    ...about(draft, text, look),
    ...titled(
      'Fields',
      fields.flatMap(field => fieldLines(field, draft, glyphsFor(look.ascii))),
    ),
    ...titled('Descriptors', descriptorLines(draft, fields)),
    ...titled('Header', headerLines(draft)),
    ...titled('As a line', textLines(drawable(text), look.width, { what: 'line' })),
    ...titled('Bytes', bytesLines(draft)),
  ];
}

function about(draft: Draft, text: string, { width }: FormLook): FormLine[] {
  const { of, keepReply, connection } = draft;
  const words = (sentence: string): FormLine[] =>
    wrapped(sentence, width).map(line => ({ line: [span(line, 'faint')] }));
  const [first = ''] = wrapped(drawable(text), width);
  const title: FormLine = { line: [span(first, draft.dir === 'front-to-back' ? 'frontEnd' : 'backEnd')] };
  if (of !== undefined)
    return [title, ...words(`held as ${of}: a lets it go like this, w changes it and keeps it held`)];
  return [
    title,
    ...words(`a message of our own, on the ${draft.channel} channel, ${wayOf(draft)}: a sends it`),
    {
      line: [
        ...check(keepReply),
        span(padded('keep the reply', nameWidth), 'key'),
        span('  from the side that did not ask', 'faint'),
      ],
      target: { what: 'keep-reply' },
    },
    {
      line: [span(`    ${padded('connection', nameWidth)}`, 'key'), span(`  ${connection ?? 'the only one'}`)],
      target: { what: 'connection' },
    },
  ];
}

const wayOf = ({ dir }: Draft): string => (dir === 'front-to-back' ? 'to the back-end' : 'to the front-end');

/** A box that is ticked or not; without colour as well. */
const check = (set: boolean): Span[] => [span(set ? '[x] ' : '[ ] ', set ? 'good' : 'faint')];

/** Which of several layouts the message has. */
function layoutLines(draft: Draft): FormLine[] {
  const layout = layoutOf(draft);
  if (!layout) return [];
  return [
    {
      line: [
        span(`    ${padded('layout', nameWidth)}`, 'key'),
        span(`  ${layout.name}`),
        span(`  one of ${layout.of}`, 'faint'),
      ],
      target: { what: 'layout' },
    },
  ];
}

function fieldLines(field: FormField, draft: Draft, glyphs: Glyphs): FormLine[] {
  const { path, depth, kind, doc, problem } = field;
  if (kind === 'fd') return [tiedLine(field, draft)];
  const indent = span('  '.repeat(depth));
  const flaw = kind === 'bit' ? undefined : draft.flaws[path];
  const spans = [indent, ...valueSpans(field, glyphs)];
  if (doc !== '') spans.push(span(`  ${drawable(doc)}`, 'faint'));
  if (problem !== undefined) spans.push(span(`  ! ${drawable(problem)}`, 'bad'));
  const still = kind === 'group' || kind === 'fixed';
  const line: FormLine = {
    line: spans,
    ...(kind === 'entry' && { heading: true }),
    ...((!still || field.entry) && { target: { what: 'field', field } }),
  };
  return flaw === undefined || kind === 'row'
    ? [line]
    : [line, { line: [indent, span(`    ! ${drawable(flaw)}`, 'bad')] }];
}

function valueSpans(field: FormField, glyphs: Glyphs): Span[] {
  const { name, kind, text, typed, set = false, open } = field;
  const label = padded(drawable(name), Math.max(nameWidth, name.length));
  switch (kind) {
    case 'bit':
      return [
        ...check(set),
        span(`${String(field.bit).padStart(2)} ${padded(drawable(name), 25)}`, set ? 'good' : 'plain'),
        ...standing(field),
      ];
    case 'check':
      return [...check(set), span(label, 'key')];
    case 'entry':
      return [span(`  ${open ? glyphs.open : glyphs.closed} ${name}`, 'key'), span(`  ${drawable(text)}`, 'faint')];
    case 'fold':
      return [span(`  ${open ? glyphs.open : glyphs.closed} ${text}`, 'faint')];
    case 'more':
      return [span(`  ${name}`, 'faint')];
    case 'row':
      return [span(`  ${name}  `, 'faint'), span(text)];
    default: {
      const shown = kind === 'number' ? typed : text;
      const other = kind === 'number' ? otherWay(typed) : '';
      return [
        span('    '),
        span(label, kind === 'fixed' ? 'faint' : 'key'),
        span(`  ${drawable(shown)}`, field.counts === undefined || follows(field) ? 'plain' : 'changed'),
        ...(field.counts === undefined ? [] : [countSpan(field)]),
        ...(other === '' ? [] : [span(` = ${other}`, 'faint')]),
      ];
    }
  }
}

const follows = ({ typed, counts }: FormField): boolean => BigInt(typed) === BigInt(counts ?? 0);

/** Whether a count is that of what is there. */
function countSpan(field: FormField): Span {
  return follows(field) ? span('  follows', 'faint') : span(`  insisted on, ${field.counts} there`, 'warn');
}

/** The descriptor that belongs to an entry of a list. */
function tiedLine({ depth, at = 0, entry }: FormField, { fds, came }: Draft): FormLine {
  const fd = fds[at];
  const label = span(`${'  '.repeat(depth)}    ${padded('descriptor', nameWidth)}`, 'key');
  if (fd === undefined)
    return {
      line: [label, span('  none is left for this entry', 'bad')],
      target: { what: 'new-fd', ...(entry && { entry }) },
    };
  return { line: [label, span('  '), ...fdSpans(fd, at, fds, came)], target: { what: 'fd', at } };
}

/** How a feature bit stands between the two sides, in words. */
function standing({ offered, accepted, set }: FormField): Span[] {
  const words = [
    offered === undefined ? '' : offered ? 'offered' : `not offered${set === true ? '!' : ''}`,
    accepted === undefined ? '' : accepted ? 'acknowledged' : '',
  ].filter(word => word !== '');
  const wrong = set === true && offered === false;
  return [span(padded(words.join(', '), 22), wrong ? 'bad' : 'faint')];
}

/** A descriptor that goes with the message: one that came, once more, or a fresh one. */
function fdSpans(fd: string, at: number, fds: readonly string[], came: Draft['came']): Span[] {
  const identity = came[Number(fd)];
  const again = fds.indexOf(fd) < at && identity !== undefined;
  const words = identity ? descriptorText(identity) : `a fresh ${fd === 'null' ? '/dev/null' : drawable(fd)}`;
  return [
    ...(again ? [span('once more: ', 'faint')] : []),
    span(words, 'fd'),
    ...(identity && !again ? [span('  as it came', 'faint')] : []),
  ];
}

/** The descriptors that do not stand by the entries they belong to, and those that are left out. */
function descriptorLines({ fds, came, of }: Draft, fields: readonly FormField[]): FormLine[] {
  const shown = new Set(fields.flatMap(({ kind, at }) => (kind === 'fd' ? [at] : [])));
  const chosen = fds.flatMap((fd, at): FormLine[] =>
    shown.has(at)
      ? []
      : [
          {
            line: [span(`    ${String(at).padEnd(3)}`, 'key'), ...fdSpans(fd, at, fds, came)],
            target: { what: 'fd', at },
          },
        ],
  );
  const left = came.flatMap((identity, i) =>
    fds.includes(String(i))
      ? []
      : [{ line: [span('    -  left out: ', 'bad'), span(descriptorText(identity), 'faint')] }],
  );
  const none = fds.length === 0 && of === undefined ? 'none goes with it; ' : '';
  const beside = fds.length > 0 && chosen.length === 0 ? 'each stands by its entry; ' : '';
  const add: FormLine = {
    line: [span(`    +  ${none}${beside}add one`, 'faint')],
    target: { what: 'new-fd' },
  };
  return [...chosen, ...left, add];
}

function headerLines(draft: Draft): FormLine[] {
  const { needReply, flags, size } = headerOf(draft);
  const insisted = (what: 'flags' | 'size', value: string): FormLine => {
    const own = draft.insisted[what];
    return {
      line: [
        span(`    ${padded(what, nameWidth)}`, 'key'),
        span(`  ${value}`, own === undefined ? 'plain' : 'changed'),
        span(own === undefined ? '  follows' : '  insisted on', own === undefined ? 'faint' : 'warn'),
      ],
      target: { what },
    };
  };
  return [
    {
      line: [
        ...check(needReply),
        span(padded('need_reply', nameWidth), 'key'),
        span('  an acknowledgement is wanted', 'faint'),
      ],
      target: { what: 'need-reply' },
    },
    insisted('flags', flags),
    insisted('size', String(size)),
    ...layoutLines(draft),
  ];
}

function textLines(text: string, width: number, target: Target): FormLine[] {
  return wrapped(text, Math.max(8, width - 4)).map(line => ({ line: [span(`    ${line}`)], target }));
}

/** The bytes that would be sent; those that are not as they were are marked. */
function bytesLines(draft: Draft): FormLine[] {
  const bytes = bytesOf(draft);
  const { before } = draft;
  const shown = Math.min(bytes.length, 4096);
  const lines: FormLine[] = [];
  for (let from = 0; from < shown; from += bytesInLine) {
    const row = Array.from(bytes.subarray(from, from + bytesInLine), (byte, i): Span => {
      const hex = byte.toString(16).padStart(2, '0');
      return span(hex, before[from + i] === byte ? 'plain' : 'changed');
    });
    const line = [span(`    ${from.toString(16).padStart(4, '0')} `, 'faint'), ...row.flatMap(one => [span(' '), one])];
    lines.push({ line, target: { what: 'hex' } });
  }
  if (shown < bytes.length) lines.push({ line: [span(`    and ${bytes.length - shown} more`, 'faint')] });
  return lines;
}
