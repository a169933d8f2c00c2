/** What became of each message of a replay, and what that amounts to. Pure. */
import type { Channel, Direction, Frame } from '../decode/frame.ts';
import { otherSide, type Side } from '../decode/side.ts';
import { LineWriter } from '../decode/text/line.ts';
import type { Difference } from './compare.ts';
import { nameOf, type Step } from './recording.ts';

/**
 * `said`: ours, sent. `left-out`: ours, had no place this time. `same`, `different`: theirs, came. `late`: theirs, came
 * after it had been given up, or after what should have followed it. `missing`: theirs, never came. `extra`: theirs, not
 * in the recording.
 */
export type Result = 'said' | 'left-out' | 'same' | 'different' | 'late' | 'missing' | 'extra';

/** What became of one message. */
export interface Outcome {
  readonly result: Result;
  readonly channel: Channel;
  readonly dir: Direction;
  /** Name of the message, with an equals sign behind that of a reply. */
  readonly name: string;
  /** The message as a transcript says it, as it crossed this time; as recorded where it did not. */
  readonly text: string;
  /** The same as it was recorded, where it crossed another time. */
  readonly recorded?: string;
  /** The record it stands for, where there is one. */
  readonly n?: number;
  readonly differences: readonly Difference[];
  /** In what it was adapted, or why it was left out. */
  readonly notes: readonly string[];
}

/** How the connection ended. */
export interface End {
  /** `played`: all was said. `closed`: by the other side. `stopped`: by whoever runs the replay. `failed`: see `why`. */
  readonly how: 'played' | 'closed' | 'stopped' | 'failed';
  /** After which message, as `12 SET_FEATURES`; empty before the first. */
  readonly after: string;
  /** It ended as it did in the recording. */
  readonly asRecorded: boolean;
  readonly why?: string;
}

/** A whole replay. */
export interface Performance {
  readonly side: Side;
  readonly outcomes: readonly Outcome[];
  readonly end: End;
  /** Messages of the recording that the end left unsaid or unheard. */
  readonly unreached: number;
  /** What became of the requests of a guest, as sentences. */
  readonly remarks: readonly string[];
}

/** Something in which the living side is not as recorded, with nothing to explain it. */
export interface Deviation {
  /** The same for the same deviation in another run: what a baseline holds. */
  readonly key: string;
  /** For people. */
  readonly text: string;
}

/** Everything that nothing explains, each key once. */
export function deviationsOf({ side, outcomes, end }: Performance): Deviation[] {
  const found = new Map<string, string>();
  const other = otherSide(side);
  const add = (key: string, text: string) => {
    if (!found.has(key)) found.set(key, text);
  };
  for (const outcome of outcomes) {
    const { result, name, channel } = outcome;
    const what = channel === 'main' ? name : `${channel} ${name}`;
    for (const { path, recorded, came, because } of outcome.differences)
      if (because === undefined)
        add(`${what}: ${path} ${recorded} -> ${came}`, `${what}: ${path} was ${recorded}, came ${came}`);
    if (result === 'missing') add(`${what}: missing`, `${what}: did not come`);
    if (result === 'extra') add(`${what}: extra`, `${what}: came, but was not recorded`);
    if (result === 'late') add(`${what}: late`, `${what}: came late`);
  }
  if (!end.asRecorded && end.how === 'closed')
    add(
      `closed after ${end.after.replace(/^\d+ /, '')}`,
      `the ${other} closed the connection after ${end.after || 'nothing was said'}`,
    );
  if (!end.asRecorded && end.how === 'played')
    add('not closed', `the ${other} did not close the connection, as it did in the recording`);
  if (end.how === 'failed') add('failed', end.why ?? 'the replay failed');
  return [...found].map(([key, text]) => ({ key, text }));
}

/** How often each result came. */
export function countsOf({ outcomes }: Performance): { readonly [result in Result]: number } {
  const counts = { said: 0, 'left-out': 0, same: 0, different: 0, late: 0, missing: 0, extra: 0 };
  for (const { result } of outcomes) counts[result]++;
  return counts;
}

/** What an outcome says of the message it is about. */
export type About = Pick<Outcome, 'channel' | 'dir' | 'name' | 'text' | 'recorded' | 'n'>;

/** What a step is about; `crossed` is the message that stands for it this time. */
export function aboutStep({ frame, message }: Step, crossed = frame): About {
  const { channel, dir = 'front-to-back', n } = frame;
  const about = { channel, dir, name: nameOf(message), text: textOf(crossed), n };
  return crossed === frame ? about : { ...about, recorded: textOf(frame) };
}

const writer = new LineWriter({ ascii: true });

/** A message as a transcript says it, without its arrow. */
export function textOf(frame: Frame): string {
  writer.out.truncate(0);
  writer.said(frame);
  return writer.out.textFrom(0).replace(/^\S+ (?:'- )?/, '');
}
