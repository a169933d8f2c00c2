/** Everything the viewer knows and shows, as one immutable value. */
import type { Question, Standing } from '../trace/questions.ts';
import type { Choice } from '../trace/selection.ts';
import type { EngineFacts } from './engine.ts';
import type { Size } from './frame.ts';
import { type Known, nothingKnown } from './known.ts';
import type { ReplayFacts } from './replay.ts';
import type { Scroll } from './scroll.ts';
import type { Ability } from './theme.ts';

/** Times in the list: since the first record, since the record before, or by the clock. */
export type Clock = 'relative' | 'delta' | 'absolute';

/** Where the message list stands, in positions of what is chosen. */
export interface ListState extends Scroll {
  /** The newest message stays under the cursor. */
  readonly following: boolean;
  /** Rows there were when the tail was left; what is beyond is new. */
  readonly seen: number;
  readonly clock: Clock;
  /** Where a selection began; it reaches to the cursor. */
  readonly anchor?: number;
}

/** A line that is being typed; `prompts/` says what each kind does. */
export interface Prompt {
  readonly kind: string;
  /** What stands in front of it, where the kind does not say it for all. */
  readonly label?: string;
  /** What it is about, as its kind knows it. */
  readonly about?: string;
  readonly text: string;
  /** Where the next character goes, in UTF-16 units. */
  readonly caret: number;
  /** Which offer is picked. */
  readonly picked: number;
  /** What is brought back where it is given up. */
  readonly before: { readonly choice: Choice; readonly row: number | undefined };
}

/** Playing a capture. */
export interface Play {
  readonly direction: 1 | -1;
  /** How much faster than it was recorded. */
  readonly speed: number;
  /** Counts wake-ups, so that those from before a pause are known. */
  readonly turn: number;
}

/** Something said to the user until the next key. */
export interface Notice {
  readonly text: string;
  readonly bad: boolean;
}

/** The model. */
export interface Model {
  /** What is opened, as it is named in the head line. */
  readonly title: string;
  readonly size: Size;
  readonly ability: Ability;
  readonly standing: Standing;
  /** While the newest message is followed: what stands next, once its rows are known, and behind that what stands by now. */
  readonly ahead?: readonly Standing[];
  readonly choice: Choice;
  readonly list: ListState;
  readonly known: Known;
  /** A question whose answer moves the cursor, or that a person waits for. */
  readonly pursuit?: Question<'search' | 'place' | 'number' | 'save' | 'note' | 'packet' | 'nearest'>;
  /** What was searched for last. */
  readonly sought?: string;
  /** The view that keys go to, and the one that stands beside the messages. */
  readonly focus: string;
  readonly side: string;
  readonly zoomed: boolean;
  /** Share of the screen that the messages take where another view stands beside them. */
  readonly split: number;
  /** The mouse holds the border between them. */
  readonly dragging: boolean;
  /** What each view keeps for itself, by its id. */
  readonly kept: { readonly [view: string]: unknown };
  readonly prompt?: Prompt;
  /** The list of keys is open, scrolled by so many lines. */
  readonly help?: number;
  readonly notice?: Notice;
  /** Rows to come back to, by the letter that marks them. */
  readonly marks: ReadonlyMap<string, number>;
  /** The engine that writes the capture, where one is known. */
  readonly engine?: EngineFacts;
  /** A replay that runs beside the capture. */
  readonly replay?: ReplayFacts;
  /** The capture is played: the cursor moves by itself. */
  readonly play?: Play;
  /** True, or why no replay of the capture can be started here. */
  readonly replays: true | string;
  /** True, or why Wireshark cannot be opened here. */
  readonly wireshark: true | string;
  /** Keys that began something and wait for another one. */
  readonly pending?: string;
  /** Keys that are pressed once the trace has told what they are about. */
  readonly waiting?: readonly string[];
}

/** Nothing is chosen away. */
export const everything: Choice = { filter: '', fold: false };

/** The model before anything is known. */
export function newModel(title: string, size: Size, ability: Ability, following: boolean): Model {
  return {
    title,
    size,
    ability,
    standing: {
      rows: 0,
      chosen: 0,
      examined: 0,
      surveyed: 0,
      findings: { error: 0, warning: 0, note: 0 },
      choice: everything,
      indexed: 0,
      size: 0,
      settled: false,
      problems: [],
    },
    choice: everything,
    list: { cursor: 0, top: 0, following, seen: 0, clock: 'relative' },
    known: nothingKnown,
    focus: 'messages',
    side: 'detail',
    zoomed: false,
    split: 0.5,
    dragging: false,
    kept: {},
    marks: new Map(),
    replays: 'nobody has said how a replay is started here',
    wireshark: 'nobody has looked whether there is one',
  };
}

/** What a view keeps for itself, with its type. */
export interface Slot<S> {
  of(model: Model): S;
  with(model: Model, change: Partial<S>): Model;
}

/** The place in the model that belongs to a view; `start` is there before it was changed. */
export function slot<S extends object>(view: string, start: S): Slot<S> {
  const of = (model: Model): S => (model.kept[view] as S | undefined) ?? start;
  return {
    of,
    with: (model, change) => ({ ...model, kept: { ...model.kept, [view]: { ...of(model), ...change } } }),
  };
}

/** Rows of what is chosen, as far as the trace has told of this choice. */
export function chosenRows({ standing, choice }: Model): number {
  return sameChoice(standing.choice, choice) ? standing.chosen : 0;
}

/** Whether two choices are the same. */
export function sameChoice(a: Choice, b: Choice): boolean {
  return a.filter === b.filter && a.fold === b.fold;
}

/**
 * How many rows are surveyed, as questions about the whole say it: exact while there are few and once all are, in steps
 * of some hundredths in between: long answers are not worth giving at every record.
 */
export function surveyedUpTo({ standing: { surveyed, settled } }: Model): number {
  if (settled || surveyed < 4096) return surveyed;
  const step = 2 ** (Math.floor(Math.log2(surveyed)) - 4);
  return Math.floor(surveyed / step) * step;
}
