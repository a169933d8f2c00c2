/** A capture as its users get it: the lines of `vhuscope read FILE --json --raw`, put in order. */
import { execFileSync } from 'node:child_process';
import type { ChannelName } from './conversation.ts';
import { vhuscope } from './vhuscope.ts';

/** A line of `read --json`, as far as these tests look at it. */
export interface CaptureRecord {
  n: number;
  session: number;
  epoch: number;
  channel?: ChannelName;
  dir?: 'front-to-back' | 'back-to-front';
  type: 'request' | 'reply' | 'event' | 'finding' | 'raw';
  id?: number;
  name?: string;
  size?: number;
  captured?: number;
  payload?: Record<string, unknown>;
  problems?: unknown[];
  fds?: { kind: string; size?: number; name?: string; object?: number }[];
  answers?: number;
  raw?: string;
  [key: string]: unknown;
}

/** A message of a capture, reduced to what a trace can confirm. */
export interface CapturedMessage {
  n: number;
  id: number;
  /** Payload bytes on the wire. */
  size: number;
  /** Header and payload, as captured. */
  raw: Buffer;
  /** The capture says that it kept fewer bytes than there were. */
  shortened: boolean;
  fds: { kind: string }[];
}

/** One connection of a capture: for each channel, the messages of both directions. */
export type Conversation = Partial<Record<ChannelName, Record<'front-to-back' | 'back-to-front', CapturedMessage[]>>>;

/** All records of a capture file, read through the command line. */
export function readCapture(file: string): CaptureRecord[] {
  const text = execFileSync(process.execPath, [vhuscope, 'read', file, '--json', '--raw'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as CaptureRecord);
}

/** The connections in a capture, by session and epoch, in the order of their first messages. */
export function conversationsOf(records: readonly CaptureRecord[]): Conversation[] {
  const found = new Map<string, Conversation>();
  for (const record of records) {
    if ((record.type !== 'request' && record.type !== 'reply') || !record.channel || !record.dir) continue;
    const key = `${record.session}/${record.epoch}`;
    const conversation = found.get(key) ?? {};
    found.set(key, conversation);
    conversation[record.channel] ??= { 'front-to-back': [], 'back-to-front': [] };
    conversation[record.channel]?.[record.dir].push({
      n: record.n,
      id: record.id ?? -1,
      size: record.size ?? -1,
      raw: Buffer.from(record.raw ?? '', 'hex'),
      shortened: record.captured !== undefined,
      fds: record.fds ?? [],
    });
  }
  return [...found.values()];
}
