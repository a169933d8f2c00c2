/** Holds a message that came against the one that was recorded, field by field. Pure. */
import type { Frame } from '../decode/frame.ts';
import { recordJson } from '../decode/json/record.ts';
import type { Json, JsonObject } from '../decode/text/event.ts';

/** One difference. */
export interface Difference {
  /** Field path in the record (docs/records.md): `payload.features`, `fds[0].size`, `flags.need_reply`. */
  path: string;
  recorded: string;
  came: string;
  /** Why it must be different; absent where nothing explains it. */
  because?: string;
}

/** Fields of a record that say what a message is; the rest tells when and where it crossed. */
const compared = ['name', 'flags', 'size', 'payload', 'problems', 'fds'] as const;
/** Of a descriptor: what a peer can rely on. Names, inodes and object numbers are new in every process. */
const ofFd = new Set(['kind', 'size', 'page_size']);

/** The fields in which two messages differ. */
export function differencesOf(recorded: Frame, came: Frame): Difference[] {
  const found: Difference[] = [];
  // Of what was not captured nothing is known.
  const cut = recorded.bytes.length < recorded.wireLength;
  const comparable = cut ? { ...came, bytes: came.bytes.subarray(0, recorded.bytes.length) } : came;
  const [a, b] = [recordOf(recorded), recordOf(comparable)];
  for (const key of compared) walk(key, a[key], b[key], found);
  return found.filter(one => !isToldBetter(one, found));
}

/** Values that are told twice, as a number and by names or fields: the latter say it better. */
const better: readonly (readonly [RegExp, string])[] = [
  [/\.value$/, '.name'],
  [/\.bytes$/, '.fields.'],
];

function isToldBetter({ path }: Difference, all: readonly Difference[]): boolean {
  return better.some(
    ([ending, other]) => ending.test(path) && all.some(one => one.path.startsWith(path.replace(ending, other))),
  );
}

function recordOf(frame: Frame): JsonObject {
  const record = recordJson(frame, { sinceFirstNs: 0 });
  const fds = Array.isArray(record.fds) ? (record.fds as JsonObject[]) : [];
  const telling = fds.map(fd => Object.fromEntries(Object.entries(fd).filter(([key]) => ofFd.has(key))));
  return { ...record, ...(fds.length > 0 && { fds: telling }) };
}

function walk(path: string, a: Json | undefined, b: Json | undefined, found: Difference[]): void {
  if (isList(a) && isList(b) && [...a, ...b].every(one => typeof one === 'string')) {
    names(path, a, b, found);
    return;
  }
  if (isList(a) && isList(b)) {
    for (let i = 0; i < Math.max(a.length, b.length); i++) walk(`${path}[${i}]`, a[i], b[i], found);
    return;
  }
  if (isObject(a) && isObject(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk(`${path}.${key}`, a[key], b[key], found);
    return;
  }
  // What an older or thinner source does not tell cannot differ.
  if (path.startsWith('fds[') && (a === undefined || b === undefined) && /\.(size|page_size)$/.test(path)) return;
  if (path.endsWith('.kind') && (a === 'unknown' || b === 'unknown')) return;
  if (JSON.stringify(a) !== JSON.stringify(b)) found.push({ path, recorded: shown(a), came: shown(b) });
}

/** Sets of names: only those that one side lacks. */
function names(path: string, a: readonly Json[], b: readonly Json[], found: Difference[]): void {
  const only = (one: readonly Json[], other: readonly Json[]) => one.filter(name => !other.includes(name)).join('|');
  const [recorded, came] = [only(a, b), only(b, a)];
  if (recorded !== '' || came !== '') found.push({ path, recorded: recorded || 'none', came: came || 'none' });
}

/** Characters of a value that are told. */
const longest = 200;

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function shown(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
