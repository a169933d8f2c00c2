/** What vhuscope itself tells, as sentences. An event is a JSON object in the capture; unknown ones are shown as such. */
import type { Frame } from '../frame.ts';
import { plain } from '../plain.ts';

/** A value of JSON. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: Json;
}

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

/** An event or finding as a sentence, safe to print. */
export function eventSentence(frame: Frame): string {
  const body = jsonBody(frame);
  if (!body) return `unreadable ${frame.kind}: ${plain(decoder.decode(frame.bytes.subarray(0, 200)))}`;
  if (frame.kind === 'finding') return plain(finding(body));
  const name = eventName(frame, body);
  const sentence = Object.hasOwn(sentences, name) ? sentences[name] : undefined;
  return plain(sentence ? sentence(body, frame) : `${name}${listed(body, ['event'])}`);
}

const sides: { readonly [side: string]: string } = { 'front-end': 'the front-end', 'back-end': 'the back-end' };

const ends: { readonly [how: string]: string } = {
  eof: 'closed the connection',
  reset: 'closed the connection with bytes unread (reset)',
  shutdown: 'shut its side down',
  epipe: 'was gone when a message was sent to it',
};

const sentences: { readonly [event: string]: (body: JsonObject, frame: Frame) => string } = {
  started: body => `recording started by vhuscope${after(' ', body.version)}${listed(body, ['event', 'version'])}`,
  stopped: body => `recording stopped${listed(body, ['event'])}`,
  connected: (body, frame) => {
    const peers = [
      peer('front-end', body['front-end'] ?? body.front_end),
      peer('back-end', body['back-end'] ?? body.back_end),
    ];
    const known = peers.filter(text => text !== '');
    const rest = listed(body, ['event', 'front-end', 'back-end', 'front_end', 'back_end']);
    return `connected, session ${frame.session}.${frame.epoch}${known.length > 0 ? `: ${known.join(', ')}` : ''}${rest}`;
  },
  peer: body => {
    const rest = listed(body, ['event', 'side', 'executable', 'version', 'pid']);
    return `${who(body.side)} is ${text(body.executable) || 'unknown'}${after(' ', body.version)}${after(', pid ', body.pid)}${rest}`;
  },
  closed: body => {
    const lost = typeof body.undelivered_bytes === 'number' && body.undelivered_bytes > 0;
    const rest = listed(body, ['event', 'how', 'first', 'undelivered_bytes', 'delivered']);
    const how = ends[text(body.how)] ?? `ended (${text(body.how)})`;
    return [
      body.first === undefined || body.first === 'unknown' ? `closed (${text(body.how)})` : `${who(body.first)} ${how}`,
      lost ? `, ${text(body.undelivered_bytes)} bytes were not delivered` : '',
      body.delivered === 'softened' ? ', the other side sees a plain end instead' : '',
      rest,
    ].join('');
  },
  'peer-exit': body =>
    `${who(body.side)}${after(' (pid ', body.pid, ')')} ${body.state === 'exited' ? `exited${after(' ', body.after_ms, ' ms after')}` : 'is still alive'}`,
  interposed: body => `relaying the ${text(body.channel)} channel as well`,
  'not-interposed': body => `not relaying the ${text(body.channel)} channel: ${text(body.why)}`,
  fdinfo: body => `about the descriptors of message ${text(body.of)}${listed(body, ['event', 'of'])}`,
  lost: body => `${text(body.count)} messages are missing here: the recorder could not keep up`,
  note: body => `note on ${text(body.of)}${after(' by ', body.author)}: ${text(body.text)}`,
  queued: body => `connected, but no answer yet: the peer may be serving another connection${listed(body, ['event'])}`,
  'back-end-absent': body => `the back-end is not there${listed(body, ['event'])}`,
};

function finding(body: JsonObject): string {
  const records = Array.isArray(body.records) ? ` (records ${body.records.map(text).join(', ')})` : '';
  return `${text(body.severity) || 'finding'}: ${text(body.message)} [${text(body.rule)}]${records}`;
}

function who(side: Json | undefined): string {
  return sides[text(side)] ?? (text(side) || 'a peer');
}

/** A peer as `connected` describes it: comm, pid, uid. */
function peer(role: string, value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object' || Array.isArray(value)) return `${role} ${text(value)}`;
  const { comm, pid, ...rest } = value as JsonObject;
  return `${role} ${text(comm) || 'unknown'}${after(' pid ', pid)}${listed({ ...rest }, [])}`;
}

/** What is left of a body, as ` (key value, key value)`. */
function listed(body: JsonObject, without: readonly string[]): string {
  const rest = Object.entries(body).filter(([key, value]) => !without.includes(key) && value !== null);
  return rest.length === 0 ? '' : ` (${rest.map(([key, value]) => `${key} ${text(value)}`).join(', ')})`;
}

function after(before: string, value: Json | undefined, behind = ''): string {
  return value === undefined || value === null ? '' : `${before}${text(value)}${behind}`;
}

function text(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
