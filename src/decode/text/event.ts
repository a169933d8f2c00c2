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

const ends: { readonly [how: string]: (connection: string) => string } = {
  eof: connection => `closed ${connection}`,
  reset: connection => `closed ${connection} with bytes unread`,
  shutdown: connection => `shut its side of ${connection} down`,
  epipe: connection => `was gone when a message was sent on ${connection}`,
};

/**
 * What each event says. A sentence names what matters at a glance; `read -v` and `--json` have everything. Keys that an
 * event may have beside those named here are listed behind it, unless they are known to be long.
 */
const sentences: { readonly [event: string]: (body: JsonObject, frame: Frame) => string } = {
  started: body => {
    const roles = [role('front-end', body.front_end), role('back-end', body.back_end)].filter(one => one !== '');
    return `recording of ${text(body.pair)} started${after(' by ', body.engine)}${roles.map(one => `, ${one}`).join('')}`;
  },
  stopped: () => 'recording stopped',
  held: (body, frame) =>
    `held as ${frame.n} (${text(body.rule)}): ${text(body.line)}${after(', for at most ', body.deadline_ms, ' ms')}`,
  released: body =>
    `${text(body.hold)} goes on after ${text(body.held_ms)} ms (${[text(body.how), text(body.by)].filter(Boolean).join(' by ')})`,
  edited: body => `${text(body.of)} was changed${done(body)}`,
  dropped: body => `${text(body.of)} was not sent on${done(body)}`,
  tampered: body => `${text(body.of)} went on${done(body)}`,
  injected: body => `${text(body.of)} is ours (${text(body.why)})${after(' by ', body.by)}`,
  rules: body => `${Array.isArray(body.rules) ? body.rules.length : 'no'} rules are in force, from ${text(body.from)}`,
  breakpoint: body => `${text(body.by)} set breakpoint ${text(body.name)}: ${text(body.filter)}`,
  unhold: body => `${text(body.by)} took breakpoint ${text(body.name)} away`,
  switched: body => `${text(body.by)} switched ${text(body.name)} ${body.on === true ? 'on' : 'off'}`,
  'stop-asked': body => `${text(body.by)} asked for the end`,
  connected: (body, frame) => {
    const peers = [
      peer('front-end', body['front-end'] ?? body.front_end),
      peer('back-end', body['back-end'] ?? body.back_end),
    ].filter(one => one !== '');
    return `connected, session ${frame.session}.${frame.epoch}${peers.length > 0 ? `: ${peers.join(', ')}` : ''}`;
  },
  peer: body =>
    `${who(body.side)} is ${text(body.executable) || text(body.comm) || 'unknown'}${after(' ', body.version)}${after(', pid ', body.pid)}`,
  device: body => `the device ${body.taken === false ? 'may be' : 'is'} ${text(body.name)}${after(': ', body.reason)}`,
  closed: body => {
    const lost = typeof body.undelivered_bytes === 'number' && body.undelivered_bytes > 0;
    const channel = body.channel === undefined || body.channel === 'main' ? '' : `${text(body.channel)} `;
    const connection = `the ${channel}connection`;
    const how = Object.hasOwn(ends, text(body.how)) ? ends[text(body.how)] : undefined;
    const first = body.first === undefined || body.first === 'unknown' ? undefined : who(body.first);
    return [
      first && how ? `${first} ${how(connection)}` : `${connection} was closed (${text(body.how)})`,
      lost ? `, ${text(body.undelivered_bytes)} bytes were not delivered` : '',
      body.delivered === 'softened' ? ', the other side sees a plain end instead' : '',
      body.spoke === false ? ', without a message' : '',
    ].join('');
  },
  'peer-exit': body => {
    const ended = body.state === 'exited' ? `exited${after(' ', body.after_ms, ' ms after')}` : 'is still alive';
    return `${who(body.side)}${after(' (pid ', body.pid, ')')} ${ended}`;
  },
  'front-end-exit': body =>
    `the front-end that was started${after(' (pid ', body.pid, ')')} ended with status ${text(body.status)}`,
  interposed: body => `relaying the ${text(body.channel)} channel as well`,
  'not-interposed': body => `not relaying the ${text(body.channel)} channel: ${text(body.why)}`,
  raw: body => `bytes are passed on without being framed from here on (${text(body.reason)})`,
  fdinfo: body => `about the descriptors of message ${text(body.of)}${listed(body, ['event', 'of'])}`,
  lost: body => `${text(body.count)} messages are missing here: the recorder could not keep up`,
  imported: body =>
    `imported from ${text(body.format)}, which does not tell ${Array.isArray(body.lacks) ? body.lacks.map(text).join('; ') : 'all'}${body.complaints === 0 ? '' : after('; lines that were not understood: ', body.complaints)}`,
  note: body => `note${after(' on ', body.of)}${after(' by ', body.author)}: ${text(body.text)}`,
  unheard: body =>
    `${text(body.bytes)} bytes that ${who(body.side)} sent after the other side had closed reached nobody`,
  queued: () => 'connected, but no byte yet: the peer may be serving another connection',
  'back-end-absent': body => `the back-end is not there${listed(body, ['event'])}`,
};

/** What was done to a message, and by whom. */
function done(body: JsonObject): string {
  const did = Array.isArray(body.did) ? `: ${body.did.map(text).join(', ')}` : '';
  return `${did}${after(' by ', body.by)}`;
}

function finding(body: JsonObject): string {
  const records = Array.isArray(body.records) ? ` (records ${body.records.map(text).join(', ')})` : '';
  return `${text(body.severity) || 'finding'}: ${text(body.message)} [${text(body.rule)}]${records}`;
}

function who(side: Json | undefined): string {
  return sides[text(side)] ?? (text(side) || 'a peer');
}

/** How one side is reached: `listens for the front-end at PATH`. */
function role(side: string, value: Json | undefined): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const { role: part, address } = value as JsonObject;
  if (part === 'listen') return `listens for the ${side} at ${text(address)}`;
  return part === 'connect' ? `connects to the ${side} at ${text(address)}` : `${side} ${text(part)} ${text(address)}`;
}

/** A peer as `connected` describes it. */
function peer(side: string, value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object' || Array.isArray(value)) return `${side} ${text(value)}`;
  const { comm, pid, uid } = value as JsonObject;
  return `${side} ${text(comm) || 'unknown'}${after(' (pid ', pid)}${after(', uid ', uid)}${pid === undefined ? '' : ')'}`;
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
