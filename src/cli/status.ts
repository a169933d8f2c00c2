/** What an engine tells, as lines for people on stderr. Pure. */
import { counted } from '../decode/counted.ts';
import { plain } from '../decode/plain.ts';
import type { EngineEvent } from '../proxy/engine.ts';
import { addressText } from '../sys/socket.ts';

type Of<Type extends EngineEvent['type']> = Extract<EngineEvent, { type: Type }>;

const ends: Record<Of<'closed'>['how'], string> = {
  eof: 'closed',
  reset: 'reset',
  shutdown: 'shut down',
  epipe: 'gone',
};

const rawReasons: Record<Of<'raw'>['reason'], string> = {
  'insane-size': 'a size that cannot be',
  'wrong-version': 'a version that is not 1',
  'descriptor-flood': 'more descriptors than a message can have',
  'internal-error': 'an error in vhuscope',
};

const whyWaiting: Record<Of<'waiting'>['why'], (pid: number | undefined) => string> = {
  absent: () => '',
  'left-behind': () =>
    ' (its file is there, but nobody listens: it was left behind, or its owner cannot be seen from here; --wait-back-end connects all the same)',
  elsewhere: pid =>
    ` (process ${pid} listens there in another network namespace, which cannot be watched from here: use --wait-back-end)`,
};

/** Bytes in the largest unit that keeps it readable: `996 bytes`, `12.3 KiB`. */
export function sizeText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  if (bytes < 1024) return `${bytes} bytes`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

function closedText({ channel, first, how, spoke, undelivered_bytes: undelivered, delivered }: Of<'closed'>): string {
  const by = first === 'proxy' ? 'vhuscope' : first === 'unknown' ? 'one side' : `the ${first}`;
  const what = channel === 'main' ? '' : `${channel} channel `;
  const details = [
    ...(how === 'eof' ? [] : [ends[how]]),
    ...(undelivered > 0 ? [`${counted(undelivered, 'byte')} not delivered`] : []),
    ...(delivered === 'softened' ? ['the other side could not be shown the same end'] : []),
    ...(spoke ? [] : ['not a byte was sent']),
  ];
  return `${what}closed by ${by}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}

function peerText({ side, process: info, foundBy, reason }: Of<'peer'>): string {
  const program = info.executable?.replace(/^.*\//, '') ?? info.comm ?? 'unknown program';
  const version = info.version ? ` ${info.version}` : '';
  const doubt = foundBy === 'credentials' && reason ? `; known only by its credentials: ${reason}` : '';
  return `the ${side} is ${program}${version}, pid ${info.pid}${doubt}`;
}

/** A sentence for each kind of event; undefined for what people need not hear of. */
const sentences: { [Type in EngineEvent['type']]: (event: Of<Type>) => string | undefined } = {
  listening: ({ side, address }) => `listening on ${addressText(address)} for the ${side}`,
  waiting: ({ side, address, why, pid }) =>
    `waiting for the ${side} to listen on ${addressText(address)}${whyWaiting[why](pid)}`,
  warning: ({ message }) => `warning: ${message}`,
  connected: () => 'connected',
  peer: peerText,
  speaking: () => undefined,
  device: () => undefined,
  closed: event => (event.channel === 'main' || event.delivered === 'softened' ? closedText(event) : undefined),
  'peer-exit': ({ side, pid, state, after_ms }) =>
    state === 'exited'
      ? `the ${side}'s process ${pid} has exited${after_ms !== undefined && after_ms > 10 ? ` (${after_ms} ms after the close)` : ''}`
      : undefined,
  interposed: ({ channel }) => `recording the ${channel} channel too`,
  'not-interposed': ({ channel, why }) => `the ${channel} channel is not recorded: ${why}`,
  raw: ({ channel, direction, reason }) =>
    `warning: ${channel} ${direction}: forwarding bytes without understanding them (${rawReasons[reason]})`,
  ctrunc: ({ n, why }) => `warning: the kernel dropped descriptors of record ${n}: ${why}`,
  held: ({ name, direction, n, rule, ms }) =>
    `held ${name} ${direction === 'front-to-back' ? 'to the back-end' : 'to the front-end'} as ${n} (${rule}); ` +
    `vhuscope ctl release ${n}${ms === undefined ? '' : `, or it goes on by itself in ${ms / 1000} s`}`,
  'let-go': ({ n, how, by }) => (how === 'released' ? `let ${n} go, by ${by}` : `let ${n} go (${how})`),
  queued: () => 'connected, but the listening side has not answered; it may serve another connection',
  absent: ({ side, error }) => `the ${side} does not listen (${error})`,
  refused: ({ side, error }) => `closed a connection, since the ${side} does not listen (${error})`,
  'accept-failed': ({ side, error }) => `warning: cannot accept the ${side}'s connection: ${error}`,
  'internal-error': ({ message }) => `this is a bug in vhuscope, please report it: ${message}`,
  recording: () => undefined,
  'recording-failed': ({ path, message }) => `warning: nothing is recorded in ${path} at present: ${message}`,
  'recording-recovered': ({ path }) => `recording in ${path} again`,
  'recording-behind': () =>
    'warning: messages pass unrecorded: the disk of the capture does not keep up, or the processors are busy',
  'recording-caught-up': ({ lost }) => `recording again; ${counted(lost, 'record')} lost`,
  unwritable: ({ message }) => `warning: ${message}`,
  recorded: ({ path, size, records, lost }) =>
    `capture closed: ${counted(records, 'record')}, ${sizeText(size)} in ${path}${lost > 0 ? `, ${lost} lost` : ''}`,
};

/**
 * The line for an event, safe to print; undefined where there is none. It begins with the pair's name where the event
 * belongs to one.
 */
export function statusLine(event: EngineEvent): string | undefined {
  const sentence = (sentences[event.type] as (event: EngineEvent) => string | undefined)(event);
  if (sentence === undefined) return undefined;
  return plain('pair' in event && event.pair !== '' ? `${event.pair}: ${sentence}` : sentence);
}

/**
 * The status lines of a run. A side that stops listening while it is connected is not told at once: back-ends that
 * serve one connection do so, and it matters only when that is over.
 */
export class Story {
  readonly #connections = new Map<string, number>();
  readonly #untold = new Map<string, EngineEvent>();

  /** The lines to print for an event. */
  tell(event: EngineEvent): string[] {
    if (event.type === 'waiting' && this.#connected(event.pair) > 0) {
      this.#untold.set(event.pair, event);
      return [];
    }
    if (event.type === 'listening') this.#untold.delete(event.pair);
    if (event.type === 'connected') this.#connections.set(event.pair, this.#connected(event.pair) + 1);
    const lines = [statusLine(event)];
    if (event.type === 'closed' && event.channel === 'main') {
      this.#connections.set(event.pair, this.#connected(event.pair) - 1);
      const untold = this.#untold.get(event.pair);
      if (untold && this.#connected(event.pair) === 0) lines.push(statusLine(untold));
      this.#untold.delete(event.pair);
    }
    return lines.filter(line => line !== undefined);
  }

  #connected(pair: string): number {
    return this.#connections.get(pair) ?? 0;
  }
}
