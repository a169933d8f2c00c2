/** What became of each message of a replay, told as it happens. */
import type { Channel, Direction, Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import { differencesOf } from './compare.ts';
import { aboutStep, type Outcome, textOf } from './outcome.ts';
import { acceptsLess, explained } from './reasons.ts';
import { nameOf, type Step, stepName } from './recording.ts';

/** The account of one replay. */
export class Account {
  readonly outcomes: Outcome[] = [];
  /** The last message said or heard. */
  last = '';
  /** Features that could not be agreed on this time, and whether the state to be loaded was not there. */
  readonly withheld = { virtio: false, protocol: false, state: false };
  readonly #tells: (outcome: Outcome) => void;

  constructor(tells: (outcome: Outcome) => void) {
    this.#tells = tells;
  }

  /** A message of the other side that stands for a recorded one. */
  came(step: Step, frame: Frame, message: Message, how: { adapted: boolean; late: boolean }): void {
    this.last = stepName(step);
    if (acceptsLess(step.message, message)) this.withheld.protocol = true;
    const circumstances = { message, withheld: { ...this.withheld }, adapted: how.adapted };
    const differences = differencesOf(step.frame, frame).map(one => explained(one, circumstances));
    const result = how.late ? 'late' : differences.length > 0 ? 'different' : 'same';
    this.#tell({ ...aboutStep(step, frame), result, differences, notes: [] });
  }

  /** A message of the other side that was not recorded. */
  extra(frame: Frame, message: Message): void {
    const { channel, dir = 'front-to-back' } = frame;
    const about = { channel, dir, name: nameOf(message), text: textOf(frame) };
    this.#tell({ ...about, result: 'extra', differences: [], notes: [] });
  }

  /** A message of the other side that did not come. */
  missing(step: Step): void {
    this.#tell({ ...aboutStep(step), result: 'missing', differences: [], notes: [] });
  }

  /** A message of ours that has no place this time. */
  leftOut(step: Step, why: string): void {
    this.#tell({ ...aboutStep(step), result: 'left-out', differences: [], notes: [why] });
  }

  /** A message of ours that is on its way, with what was adapted in it. */
  said(step: Step | undefined, frame: Frame, message: Message, notes: readonly string[]): void {
    const { channel, dir } = frame as Frame & { channel: Channel; dir: Direction };
    const about = { channel, dir, name: nameOf(message), text: textOf(frame) };
    const recorded = step && { n: step.frame.n, recorded: textOf(step.frame) };
    this.#tell({ ...about, ...recorded, result: 'said', differences: [], notes });
  }

  #tell(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.#tells(outcome);
  }
}
