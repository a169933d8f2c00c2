/** A replay that runs beside the capture it plays: told line by line by a process of its own. */
import type { Side } from '../decode/side.ts';

/** What became of one message, as `replay --json` tells it. */
export interface PlayedMessage {
  readonly result: 'said' | 'left-out' | 'same' | 'different' | 'late' | 'missing' | 'extra';
  readonly channel: string;
  readonly dir: 'front-to-back' | 'back-to-front';
  readonly name: string;
  /** As it crossed this time; as recorded where it did not. */
  readonly text: string;
  /** As it was recorded, where that is not the same message. */
  readonly recorded?: string;
  /** Its record. */
  readonly n?: number;
  readonly differences: readonly {
    readonly path: string;
    readonly recorded: string;
    readonly came: string;
    readonly because?: string;
  }[];
  readonly notes: readonly string[];
}

/** What is known of a replay. */
export interface ReplayFacts {
  readonly side: Side;
  /** The connection that is played, and how many messages it has; once that was told. */
  readonly recording?: { readonly name: string; readonly messages: number };
  /** What of it is not played, in sentences. */
  readonly omitted: readonly string[];
  readonly played: readonly PlayedMessage[];
  /** It waits for a key before this message. */
  readonly next?: string;
  /** Sentences of the verdict, the last ones each a deviation. */
  readonly verdict?: readonly string[];
  /** The other side behaves as in the recording. */
  readonly same?: boolean;
  /** It is over. */
  readonly ended: boolean;
  /** What it said last to people: that it listens, that it cannot connect. */
  readonly said?: string;
}

/** A process that plays. */
export interface Playing {
  /** Says the next message, where it waits for that. */
  next(): void;
  /** Ends it. */
  stop(): void;
}

/** A replay to be shown. */
export interface ReplayOptions {
  readonly side: ReplayFacts['side'];
  /** Starts it; `line` is told each line of JSON, `said` what it says to people, `ended` its end. */
  start(listener: { line(text: string): void; said(text: string): void; ended(): void }): Playing;
}

/** Before it has begun. */
export function newReplay({ side }: Pick<ReplayOptions, 'side'>): ReplayFacts {
  return { side, omitted: [], played: [], ended: false };
}

/** The facts after a line of the process; lines of another kind change nothing. */
export function afterLine(facts: ReplayFacts, text: string): ReplayFacts {
  const line = parsed(text);
  const { next: _, ...going } = facts;
  if (line?.type === 'message') return { ...going, played: [...facts.played, line as unknown as PlayedMessage] };
  if (line?.type === 'next') return { ...going, next: String(line.name) };
  if (line?.type === 'recording') {
    const name = `${line.pair}, session ${line.session}.${line.epoch}`;
    return { ...going, recording: { name, messages: Number(line.messages) }, omitted: sentences(line.omitted) };
  }
  if (line?.type !== 'verdict') return facts;
  return { ...going, verdict: sentences(line.said), same: line.same === true };
}

const sentences = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function parsed(text: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
