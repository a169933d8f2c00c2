/**
 * Plays one side of a recorded connection on a socket. It says what was recorded, once what the recording waited for has
 * come; answers what is asked; and holds everything that comes against the recording.
 */
import { answering } from '../decode/exchange.ts';
import type { Channel, Frame } from '../decode/frame.ts';
import { needReplyFlag } from '../decode/header.ts';
import type { Message } from '../decode/message.ts';
import { directionOf } from '../decode/side.ts';
import { monotonicNs } from '../sys/clock.ts';
import { SystemError } from '../sys/system-error.ts';
import { Account } from './account.ts';
import { adapted, type Living } from './adapt.ts';
import { answerTo } from './answer.ts';
import { type Prepared, verbatim } from './draft.ts';
import { Expectations } from './expectations.ts';
import type { PlayOptions } from './options.ts';
import type { End, Performance } from './outcome.ts';
import { deviceOf, kindOf, nameOf, type Recording, type Step, stepName } from './recording.ts';
import { refusalOf } from './refusals.ts';
import { Stage } from './stage.ts';

const usualIdleMs = 10;

/** Messages at which a back-end may look into a ring: it must be legal by then. */
const looksIntoRing: ReadonlySet<string> = new Set(['SET_VRING_ADDR', 'SET_VRING_KICK', 'VRING_KICK']);

class Stopped extends Error {}

/** Plays on a connected socket, which is the player's from now on. Never throws for what the other side does. */
export async function play(fd: number, recording: Recording, options: PlayOptions): Promise<Performance> {
  const player = new Player(fd, recording, options);
  try {
    return await player.run();
  } finally {
    player.close();
  }
}

class Player {
  readonly #recording: Recording;
  readonly #options: PlayOptions;
  readonly #stage: Stage;
  readonly #expected: Expectations;
  readonly #account: Account;
  /** What came this time, by the number of the record that it stands for. */
  readonly #heardAs = new Map<number, Message>();
  /** When the last message was said or heard. */
  #lastAt = monotonicNs();

  constructor(fd: number, recording: Recording, options: PlayOptions) {
    this.#recording = recording;
    this.#options = options;
    this.#expected = new Expectations(recording.steps);
    this.#account = new Account(outcome => options.tell?.(outcome));
    const heard = (frame: Frame, message: Message) => this.#heard(frame, message);
    const base = deviceOf(recording);
    const refusal = options.strict || recording.side === 'front-end' ? undefined : refusalOf(base.device);
    this.#stage = new Stage(fd, directionOf(recording.side), base, heard, options.states ?? {}, refusal);
  }

  async run(): Promise<Performance> {
    const end = await this.#played();
    const { open } = this.#expected;
    const missed = end.how === 'played' ? open.filter(({ ours }) => !ours) : [];
    for (const step of missed) this.#giveUp(step);
    const { outcomes } = this.#account;
    const { remarks } = this.#stage;
    return { side: this.#recording.side, outcomes, end, unreached: open.length - missed.length, remarks };
  }

  close(): void {
    this.#stage.close();
  }

  async #played(): Promise<End> {
    try {
      return await (this.#recording.side === 'front-end' ? this.#leads() : this.#follows());
    } catch (error) {
      if (error instanceof Stopped) return this.#end('stopped', false);
      // The other side may be gone before its end was read.
      if (error instanceof SystemError) return this.#closed();
      return { ...this.#end('failed', false), why: (error as Error).message };
    }
  }

  /** The front-end leads: each of its messages waits for all that was recorded before it. */
  async #leads(): Promise<End> {
    const { steps, closedBy } = this.#recording;
    for (const step of steps) {
      if (!step.ours || step.message.reply) continue;
      await this.#awaitBefore(step.at);
      // Whether a state has arrived can only be asked once it has.
      if (step.message.name === 'CHECK_DEVICE_STATE')
        await this.#until(() => !this.#stage.movesState || this.#isClosed, this.#options.patience);
      if (this.#isClosed) return this.#closed();
      await this.#pace(step);
      this.#say(step);
    }
    await this.#awaitBefore(steps.length);
    await this.#until(() => this.#stage.isIdle, this.#options.patience);
    if (this.#isClosed) return this.#closed();
    if (closedBy !== 'back-end') return this.#end('played', true);
    await this.#until(() => this.#isClosed, this.#options.patience);
    return this.#end(this.#isClosed ? 'closed' : 'played', this.#isClosed);
  }

  /** The back-end follows: it answers, says on its own what was recorded at this point, and ends with the front-end. */
  async #follows(): Promise<End> {
    const { steps, closedBy } = this.#recording;
    const own = steps.filter(step => step.ours && !step.message.reply);
    for (;;) {
      const [due] = own;
      if (due && this.#expected.isDue(due) && this.#stage.isOpen(due.frame.channel)) {
        own.shift();
        await this.#pace(due);
        this.#say(due);
        continue;
      }
      const allHeard = this.#expected.openBefore(steps.length).next().done === true;
      if (allHeard && closedBy === 'back-end' && own.length === 0 && this.#stage.isIdle)
        return this.#end('played', true);
      if (this.#isClosed) return this.#closed();
      await this.#turn();
    }
  }

  /** Waits until everything of theirs before a step has come, as long as that makes sense. */
  async #awaitBefore(at: number): Promise<void> {
    for (const step of [...this.#expected.openBefore(at)]) {
      const { frame, message, partner } = step;
      if (message.reply && !this.#expected.isAsked(partner)) {
        // What it answers was not asked this time, or before the part that is played.
        this.#expected.settle(step);
        continue;
      }
      const vain = this.#expected.isHopeless(step) || !this.#stage.isOpen(frame.channel);
      await this.#until(() => this.#expected.isSettled(step) || this.#isClosed, vain ? 0 : this.#options.patience);
      if (this.#isClosed && !this.#expected.isSettled(step)) return;
      if (!this.#expected.isSettled(step)) this.#giveUp(step);
    }
  }

  #giveUp(step: Step): void {
    this.#expected.giveUp(step);
    this.#account.missing(step);
  }

  /** Waits as long as was waited then, and for whoever steps through. */
  async #pace(step: Step): Promise<void> {
    const { speed, beforeSaying } = this.#options;
    const before = this.#recording.steps[step.at - 1];
    if (speed !== undefined && before) {
      const gap = Number(step.frame.receivedNs - before.frame.receivedNs) / speed;
      await this.#until(() => this.#isClosed || monotonicNs() - this.#lastAt >= gap, Number.POSITIVE_INFINITY);
    }
    if (!beforeSaying) return;
    let may = false;
    void beforeSaying(step).then(() => {
      may = true;
    });
    await this.#until(() => may || this.#isClosed, Number.POSITIVE_INFINITY);
  }

  async #until(done: () => boolean, patience: number): Promise<void> {
    const deadline = monotonicNs() + patience * 1e6;
    while (!done() && monotonicNs() < deadline) await this.#turn();
  }

  /** One round of listening, which leaves room for signals and keys. */
  async #turn(): Promise<void> {
    await new Promise(resolve => setImmediate(resolve));
    if (this.#options.signal?.aborted) throw new Stopped();
    this.#stage.listen(this.#options.idleMs ?? usualIdleMs);
  }

  #heard(frame: Frame, message: Message): void {
    this.#lastAt = monotonicNs();
    this.#account.last = nameOf(message);
    this.#options.keep?.(frame);
    if (message.reply) this.#replied(frame, message);
    else this.#requested(frame, message);
  }

  /** A reply to one of our requests. */
  #replied(frame: Frame, message: Message): void {
    const asked = this.#expected.answered(frame.channel, message.id);
    const step = asked?.step.partner;
    if (asked && step) this.#came(step, frame, message, asked.adapted);
    else this.#account.extra(frame, message);
  }

  /** A request of the other side: it is held against the recorded one of its kind, and answered. */
  #requested(frame: Frame, message: Message): void {
    const step = this.#expected.requested(kindOf(frame.channel, message));
    if (step) this.#came(step, frame, message, false);
    else this.#account.extra(frame, message);
    this.#answer(frame, message, step);
  }

  get #living(): Living {
    return { ...this.#stage.living, heard: n => this.#heardAs.get(n) };
  }

  #came(step: Step, frame: Frame, message: Message, wasAdapted: boolean): void {
    const late = this.#expected.came(step);
    this.#heardAs.set(step.frame.n, message);
    this.#account.came(step, frame, message, { adapted: wasAdapted, late });
  }

  #answer(frame: Frame, message: Message, step: Step | undefined): void {
    const { channel, context } = frame;
    const facts = { context, size: message.size, fdCount: frame.fds.length, first: 0, assumed: false };
    const wanted = answering(message.spec, message.needReply, facts);
    const recorded = step?.partner;
    if (recorded) this.#expected.settle(recorded);
    // An answer that nobody must give is given where it was given then.
    const optional = wanted === 'never' || wanted === 'maybe';
    if (optional && (!recorded || step.message.needReply !== message.needReply)) return;
    const strict = this.#options.strict === true && recorded !== undefined;
    const said = strict
      ? verbatim(recorded)
      : answerTo(message, step, this.#earlier(message), this.#living, wanted === 'own');
    this.#stage.asked(channel, frame.n, message.id);
    this.#send(channel, recorded, said);
  }

  /** A recorded request of the same name that was answered: what else is asked is answered likewise. */
  #earlier({ name, channel }: Message): Step | undefined {
    return this.#recording.steps.findLast(
      ({ ours, partner, message }) => !ours && partner && message.name === name && message.channel === channel,
    );
  }

  /** Says a message of ours that answers nothing. */
  #say(step: Step): void {
    const { channel } = step.frame;
    const said = this.#options.strict ? verbatim(step) : adapted(step, this.#living);
    this.#expected.settle(step);
    if ('leftOut' in said || !this.#stage.isOpen(channel)) {
      this.#account.leftOut(step, 'leftOut' in said ? said.leftOut : `the ${channel} channel is not open`);
      return;
    }
    if (looksIntoRing.has(step.message.name)) this.#stage.layOut(step.message);
    const { name, needReply } = step.message;
    const { withheld } = this.#account;
    if (said.adapted.length > 0 && name === 'SET_FEATURES') withheld.virtio = true;
    if (said.adapted.length > 0 && name === 'SET_PROTOCOL_FEATURES') withheld.protocol = true;
    if (name === 'SET_DEVICE_STATE_FD' && step.message.payload.direction === 1)
      withheld.state = this.#options.states?.give === undefined;
    // One that does not ask for a reply any more gets none.
    if (step.partner && (!needReply || ((said.bytes[4] as number) & needReplyFlag) !== 0)) {
      this.#expected.ask({ step, adapted: said.adapted.length > 0 });
      this.#stage.asked(channel, this.#stage.next, step.message.id);
    }
    this.#send(channel, step, said);
  }

  #send(channel: Channel, step: Step | undefined, said: Prepared): void {
    if (!this.#stage.isOpen(channel)) return;
    const { fds, given, notes } = this.#stage.descriptors(said.fds);
    this.#lastAt = monotonicNs();
    if (step) this.#account.last = stepName(step);
    const pieces = this.#options.strict && step?.frame.seg ? step.frame.seg : [];
    const { frame, message } = this.#stage.send(channel, said.bytes, fds, given, pieces);
    this.#options.keep?.(frame);
    this.#account.said(step, frame, message, [...said.adapted, ...notes]);
    this.#stage.flush(channel);
  }

  /**
   * The other side has closed. That is as recorded where it did so then and had said all it said then: which of our last
   * messages it had not read yet is a matter of luck.
   */
  #closed(): End {
    const { closedBy, side, steps } = this.#recording;
    const saidAll = this.#expected.openBefore(steps.length).next().done === true;
    return this.#end('closed', saidAll && (side === 'front-end' ? closedBy === 'back-end' : closedBy !== 'back-end'));
  }

  get #isClosed(): boolean {
    return !this.#stage.isOpen('main');
  }

  #end(how: End['how'], asRecorded: boolean): End {
    return { how, after: this.#account.last, asRecorded };
  }
}
