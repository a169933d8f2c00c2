/** What happens to the viewer, and what it makes happen. */
import type { Answer, Question, Standing } from '../trace/questions.ts';
import type { Choice } from '../trace/selection.ts';
import type { EngineFacts } from './engine.ts';
import type { Size } from './frame.ts';
import type { Model } from './model.ts';
import type { Order, Outcome } from './order.ts';
import type { ReplayFacts } from './replay.ts';
import type { ReplayOrder } from './replaying.ts';
import type { PacketPlace } from './wireshark.ts';

/** Something that happened. Keys are named as in `docs/keys.md`: `j`, `G`, `up`, `C-d`, `enter`. */
export type Action =
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'paste'; readonly text: string }
  | {
      readonly type: 'mouse';
      readonly what: 'press' | 'drag' | 'release' | 'up' | 'down';
      readonly x: number;
      readonly y: number;
    }
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'standing'; readonly standing: Standing }
  | { readonly type: 'answer'; readonly key: string; readonly answer: Answer }
  | { readonly type: 'progress'; readonly key: string; readonly done: number; readonly of: number }
  | { readonly type: 'failed'; readonly key: string; readonly message: string }
  | { readonly type: 'engine'; readonly facts: EngineFacts }
  /** The engine has answered an order. */
  | { readonly type: 'obeyed'; readonly order: Order; readonly outcome: Outcome }
  | { readonly type: 'replay'; readonly facts: ReplayFacts }
  /** Something was done outside, or could not be. */
  | { readonly type: 'said'; readonly text: string; readonly bad: boolean }
  /** The time of a `wake` effect is over. */
  | { readonly type: 'awake'; readonly turn: number };

/** Something to be done outside. */
export type Effect =
  | { readonly type: 'ask'; readonly key: string; readonly question: Question }
  | { readonly type: 'cancel'; readonly key: string }
  | { readonly type: 'choose'; readonly choice: Choice }
  /** Into the clipboard of whoever sits at the terminal. */
  | { readonly type: 'copy'; readonly text: string }
  /** An `awake` action after so many milliseconds. */
  | { readonly type: 'wake'; readonly turn: number; readonly ms: number }
  /** Words for the capture, about a record where one is named. */
  | { readonly type: 'note'; readonly text: string; readonly of?: number }
  /** Something the engine is to do. */
  | { readonly type: 'order'; readonly order: Order }
  /** The replay is to say its next message, to end, or to be told of no more. */
  | { readonly type: 'replay-next' | 'replay-stop' | 'replay-leave' }
  | { readonly type: 'replay-start'; readonly order: ReplayOrder }
  /** Opens a packet in Wireshark. */
  | { readonly type: 'wireshark'; readonly place: PacketPlace }
  | { readonly type: 'quit' }
  /** Ends the engine and then the viewer. */
  | { readonly type: 'stop-engine' };

/** A model and what is to be done. */
export type Step = readonly [Model, readonly Effect[]];

/** A step on which nothing is to be done. */
export function stay(model: Model): Step {
  return [model, []];
}

/** The model with something said to the user. */
export function saying(model: Model, text: string, bad = false): Model {
  return { ...model, notice: { text, bad } };
}
