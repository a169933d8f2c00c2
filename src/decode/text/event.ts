/** What vhuscope itself tells, as sentences. An event is a JSON object in the capture; unknown ones are shown as such. */
import type { Frame } from '../frame.ts';
import { type Part, type Phrase, parsePhrase } from '../phrase.ts';
import { plain } from '../plain.ts';
import { events, findingSentence, otherEvent } from '../spec/events.ts';
import { type Json, type JsonObject, say } from './sentence.ts';

export type { Json, JsonObject };

const decoder = new TextDecoder();

/** The body of an event or finding; undefined where it is no JSON object. */
export function jsonBody(frame: Frame): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(decoder.decode(frame.bytes));
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** The name of an event: `connected`, `closed`, …; `finding` for a finding. */
export function eventName(frame: Frame, body = jsonBody(frame)): string {
  if (frame.kind === 'finding') return 'finding';
  return typeof body?.event === 'string' ? body.event : 'unknown';
}

/** The sentences, taken apart. */
export interface Sentences {
  readonly events: { readonly [event: string]: readonly Part[] };
  /** Of an event that is not among them. */
  readonly other: readonly Part[];
  readonly finding: readonly Part[];
}

const known = new Map<Phrase, readonly Part[]>();

/** A sentence taken apart, once it is said: to do so with all of them takes a tenth of the start of the program. */
function parsed(phrase: Phrase): readonly Part[] {
  const parts = known.get(phrase) ?? parsePhrase(phrase, ['event']);
  known.set(phrase, parts);
  return parts;
}

/** Every declared sentence. */
export function sentences(): Sentences {
  return {
    events: Object.fromEntries(Object.entries(events).map(([name, phrase]) => [name, parsed(phrase)])),
    other: parsed(otherEvent),
    finding: parsed(findingSentence),
  };
}

/** An event or finding as a sentence, safe to print. */
export function eventSentence(frame: Frame): string {
  const body = jsonBody(frame);
  if (!body) return `unreadable ${frame.kind}: ${plain(decoder.decode(frame.bytes.subarray(0, 200)))}`;
  return plain(say(sentenceOf(frame, body), { body, frame }));
}

function sentenceOf(frame: Frame, body: JsonObject): readonly Part[] {
  if (frame.kind === 'finding') return parsed(findingSentence);
  const name = eventName(frame, body);
  return parsed(Object.hasOwn(events, name) ? (events[name] as Phrase) : otherEvent);
}
