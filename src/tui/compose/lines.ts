/** A draft as the lines of a form. */
import { type Line, type Span, span } from '../frame.ts';
import { descriptorText } from '../show/descriptor.ts';
import { wrapped } from '../show/wrap.ts';
import { drawable, padded } from '../width.ts';
import { bytesOf, type Draft, lineOf } from './draft.ts';
import { type FormField, formFields, headerOf, type Negotiated, otherWay } from './fields.ts';

/** What can be changed in a line. */
export type Target =
  | { readonly what: 'field'; readonly field: FormField }
  | { readonly what: 'fd'; readonly at: number }
  | { readonly what: 'new-fd' | 'need-reply' | 'keep-reply' | 'flags' | 'size' | 'connection' | 'line' | 'hex' };

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
export function formLines(draft: Draft, negotiated: Negotiated | undefined, look: FormLook): FormLine[] {
  const text = lineOf(draft, look.ascii);
  const titled = (title: string, lines: readonly FormLine[]): FormLine[] =>
    lines.length === 0 ? [] : [{ line: [] }, { line: [span(title, 'title')], heading: true }, ...lines];
  return [
    ...about(draft, text, look),
    ...titled(
      'Fields',
      formFields(draft, negotiated).flatMap(field => fieldLines(field, draft)),
    ),
    ...titled('Descriptors', descriptorLines(draft)),
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

function fieldLines(field: FormField, { flaws }: Draft): FormLine[] {
  const { path, name, depth, kind, text, typed, doc, problem, set = false } = field;
  const indent = span('  '.repeat(depth));
  const flaw = kind === 'bit' ? undefined : flaws[path];
  const spans: Span[] = [indent];
  if (kind === 'bit') {
    spans.push(
      ...check(set),
      span(`${String(field.bit).padStart(2)} ${padded(drawable(name), 25)}`, set ? 'good' : 'plain'),
    );
    spans.push(...standing(field));
  } else if (kind === 'check') spans.push(...check(set), span(padded(drawable(name), nameWidth), 'key'));
  else {
    spans.push(span('    '), span(padded(drawable(name), nameWidth), kind === 'fixed' ? 'faint' : 'key'));
    const shown = kind === 'text' ? text : kind === 'choice' || kind === 'mask' ? text : typed || text;
    spans.push(span(`  ${drawable(shown)}`));
    if (kind === 'number' && otherWay(typed) !== '') spans.push(span(` = ${otherWay(typed)}`, 'faint'));
  }
  if (doc !== '') spans.push(span(`  ${drawable(doc)}`, 'faint'));
  if (problem !== undefined) spans.push(span(`  ! ${drawable(problem)}`, 'bad'));
  const line: FormLine = {
    line: spans,
    ...(kind !== 'group' && kind !== 'fixed' && { target: { what: 'field', field } }),
  };
  return flaw === undefined ? [line] : [line, { line: [indent, span(`    ! ${drawable(flaw)}`, 'bad')] }];
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

function descriptorLines({ fds, came, of }: Draft): FormLine[] {
  const chosen = fds.map((fd, at): FormLine => {
    const identity = came[Number(fd)];
    const again = fds.indexOf(fd) < at && identity !== undefined;
    const words = identity ? descriptorText(identity) : `a fresh ${fd === 'null' ? '/dev/null' : drawable(fd)}`;
    const note = identity ? (again ? '  once more' : '  as it came') : '';
    return {
      line: [span(`    ${String(at).padEnd(3)}`, 'key'), span(words, 'fd'), span(note, 'faint')],
      target: { what: 'fd', at },
    };
  });
  const left = came.flatMap((identity, i) =>
    fds.includes(String(i))
      ? []
      : [{ line: [span('    -  ', 'bad'), span(descriptorText(identity), 'faint'), span('  left out', 'bad')] }],
  );
  const add: FormLine = {
    line: [span(`    +  ${fds.length === 0 && of === undefined ? 'none goes with it; ' : ''}add one`, 'faint')],
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
