/** Events of every name, with every sort of value in every place that a sentence has: likely, odd, hostile and none. */
import type { Part } from '../../src/decode/phrase.ts';
import { sentences } from '../../src/decode/text/event.ts';
import type { Json } from '../../src/decode/text/sentence.ts';

/** A body under construction; `undefined` is left out of its JSON. */
interface Body {
  [key: string]: Json | undefined | Body;
}

const odd: readonly (Json | undefined)[] = [
  ...[undefined, null, '', [], {}, 0, 12, -3, true, false],
  ...[
    'qemu "x" \\ é \u{1f600}',
    'see \u001b[2J \u202e \u{e0001} \ud800',
    ['a', 'b; c'],
    [3, [4, null], { a: 'x "y"\n' }],
  ],
];
const bodiesOfEach = 8;

/** The bodies, in the order of the declaration. `pick` gives a number below its argument. */
export function sampleEvents(pick: (below: number) => number): Body[] {
  const all = sentences();
  const bodies = Object.entries({ ...all.events, 'not-declared': all.other }).flatMap(([event, parts]) =>
    Array.from({ length: bodiesOfEach }, () => bodyFor(event, parts, pick)),
  );
  return [...bodies, { event: 5, size: 1 }, { size: null, of: 'x' }];
}

function bodyFor(event: string, parts: readonly Part[], pick: (below: number) => number): Body {
  const body: Body = { event };
  for (const { path, likely } of parts.flatMap(placesIn)) {
    const values = [...likely, ...likely, ...odd];
    put(body, path, values[pick(values.length)]);
  }
  if (pick(2) === 0) body.surplus = odd[pick(odd.length)];
  return body;
}

interface Place {
  readonly path: readonly string[];
  /** Values the sentence has words for. */
  readonly likely: readonly Json[];
}

function placesIn(part: Part): Place[] {
  if (typeof part === 'string' || 'rest' in part) return [];
  if ('optional' in part) return part.optional.flatMap(placesIn);
  if ('value' in part)
    return part.value.filter(([first]) => first !== 'event').map(path => ({ path, likely: ['text', 7] }));
  const likely = Object.keys(part.are).map(value => (/^(\d+|true|false)$/.test(value) ? JSON.parse(value) : value));
  const branches = [...Object.values(part.are), part.otherwise, part.absent];
  return [...branches.flat().flatMap(placesIn), { path: part.of, likely: [...likely, ...likely] }];
}

function put(body: Body, [first = '', ...further]: readonly string[], value: Json | undefined): void {
  if (first.startsWith('@')) return;
  if (further.length === 0) {
    // A value does not take the place of the object that others lie in.
    if (typeof body[first] !== 'object') body[first] = value;
    return;
  }
  if (typeof body[first] !== 'object' || body[first] === null || Array.isArray(body[first])) body[first] = {};
  put(body[first] as Body, further, value);
}
