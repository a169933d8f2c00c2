/** Says a declared sentence about a JSON object. */
import type { Frame } from '../frame.ts';
import type { Part, ValuePart } from '../phrase.ts';

/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What a sentence is about: the object, and the record it stands in. */
export interface Told {
  readonly body: JsonObject;
  readonly frame: Pick<Frame, 'n' | 'session' | 'epoch'>;
}

/** The sentence as text; as it comes out of the object, not yet safe to print. */
export function say(parts: readonly Part[], told: Told): string {
  return parts.map(part => sayPart(part, told) ?? '').join('');
}

/** A part as text; undefined where its value is not there. */
function sayPart(part: Part, told: Told): string | undefined {
  if (typeof part === 'string') return part;
  if ('value' in part) return sayValue(part, told);
  if ('rest' in part) return listed(told.body, part.rest);
  if ('optional' in part) {
    const texts = part.optional.map(each => sayPart(each, told));
    return texts.includes(undefined) ? '' : texts.join('');
  }
  const value = valueAt(part.of, told);
  if (value === undefined) return say(part.absent, told);
  const text = textOf(value);
  return say(Object.hasOwn(part.are, text) ? (part.are[text] as readonly Part[]) : part.otherwise, told);
}

function sayValue({ value: paths, fallback, between, count }: ValuePart, told: Told): string | undefined {
  const found = paths.map(path => valueAt(path, told)).find(value => value !== undefined);
  if (count) return String(Array.isArray(found) ? found.length : 0);
  if (found === undefined) return fallback;
  return between !== undefined && Array.isArray(found) ? found.map(textOf).join(between) : textOf(found);
}

/** The value at the end of a path, where it is there. */
function valueAt([first = '', ...further]: readonly string[], { body, frame }: Told): Json | undefined {
  if (first.startsWith('@')) return frame[first.slice(1) as keyof Told['frame']] || undefined;
  let value = own(body, first);
  for (const key of further) value = own(value, key);
  const empty = value === null || value === '' || (Array.isArray(value) && value.length === 0);
  return empty ? undefined : value;
}

function own(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}

/** The keys of an object but some, as ` (key value, key value)`. */
function listed(body: JsonObject, without: readonly string[]): string {
  const rest = Object.entries(body).filter(([key, value]) => !without.includes(key) && value !== null);
  return rest.length === 0 ? '' : ` (${rest.map(([key, value]) => `${key} ${textOf(value)}`).join(', ')})`;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
