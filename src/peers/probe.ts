/**
 * What the conformance peer tries on a real implementation, as data. A probe brings a connection to a state in which a
 * request can be judged, sends that request, and says which reactions of the other side are right.
 */
import type { Payload } from '../decode/decode.ts';
import type { Cond } from '../decode/schema.ts';
import { mark, type Script, type SendOptions, type Step, script, send } from './script.ts';
import type { BackEndTraits, FrontEndTraits } from './traits.ts';

/** What the other side did with what a probe sent. */
export type Reaction =
  /** Gave the reply that the message has of its own. */
  | 'answers'
  /** Acknowledged it with 0. */
  | 'accepts'
  /** Acknowledged it with something else, or gave the reply that says no. */
  | 'refuses'
  /** Was not asked for a reply, gave none, and goes on. */
  | 'goes on'
  /** Was asked for a reply, gave none, and goes on. */
  | 'stays silent'
  /** Closed the connection. */
  | 'closes'
  /** Keeps the connection open and answers nothing any more. */
  | 'hangs'
  /** Its process was killed by a signal. */
  | 'dies';

/** What a reaction is worth. */
export type Verdict =
  /** What the specification asks for. */
  | 'pass'
  /** What it leaves open. */
  | 'allowed'
  /** What it forbids, or what its peers cannot live with. */
  | 'deviation'
  /** The process crashed. */
  | 'death'
  /** The other side does not offer what the probe needs. */
  | 'skipped'
  /** The connection did not come as far as the probe. */
  | 'unreached';

/**
 * What a probe is about: something every implementation must be able to do (`right`), something that breaks a rule
 * (`wrong`) and must neither crash nor hang the other side, or something the text does not settle (`open`).
 */
export type Nature = 'right' | 'wrong' | 'open';

/** One thing to try. */
export interface Probe {
  /** Stable, never reused. */
  readonly id: string;
  /** What is sent, lower case, no full stop. */
  readonly title: string;
  /** Section of the specification. */
  readonly spec: string;
  readonly nature: Nature;
  /** Rules of docs/rules.md that it breaks on purpose. */
  readonly breaks?: readonly string[];
  /** What the other side must offer; what is offered counts as negotiated. */
  readonly needs?: Cond;
  /** Before the request, all of it legal. */
  readonly before: Script;
  /** The request to judge is the last one in here. */
  readonly sends: Script;
  /** Tells whether the connection still works; GET_FEATURES where nothing else is said. */
  readonly after?: Script;
  /** Reactions that are judged differently than the nature of the probe says. */
  readonly but?: Partial<Readonly<Record<Reaction, Verdict>>>;
  /** Rules that seem broken by the other side, but are not: what was sent misleads them. */
  readonly excuses?: readonly string[];
  /** In which traits the peer that tries it differs. */
  readonly frontEnd?: Partial<FrontEndTraits>;
  readonly backEnd?: Partial<BackEndTraits>;
}

const natures: { readonly [nature in Nature]: { readonly [reaction in Reaction]: Verdict } } = {
  right: {
    ...{ answers: 'pass', accepts: 'pass', 'goes on': 'pass' },
    ...{ refuses: 'deviation', 'stays silent': 'deviation', closes: 'deviation', hangs: 'deviation', dies: 'death' },
  },
  wrong: {
    ...{ refuses: 'pass', closes: 'pass' },
    ...{ answers: 'allowed', accepts: 'allowed', 'goes on': 'allowed' },
    ...{ 'stays silent': 'deviation', hangs: 'deviation', dies: 'death' },
  },
  open: {
    ...{ answers: 'allowed', accepts: 'allowed', refuses: 'allowed', 'goes on': 'allowed', closes: 'allowed' },
    ...{ 'stays silent': 'deviation', hangs: 'deviation', dies: 'death' },
  },
};

/** What a reaction to a probe is worth. */
export function verdictOn(probe: Probe, reaction: Reaction): Verdict {
  return probe.but?.[reaction] ?? natures[probe.nature][reaction];
}

/** Names of the marks around the request to judge. */
export const marks = { sends: 'sends', after: 'after', end: 'end' } as const;

/** A request by which a connection shows that it still works. */
const stillThere: Script = [send('GET_FEATURES', {}, { needReply: false })];

/** The whole script of a probe. */
export function probeScript({ before, sends, after = stillThere }: Probe): Script {
  return script(before, mark(marks.sends), sends, mark(marks.after), after, mark(marks.end));
}

/** Sends a request whatever the answer will be, also none. */
export function attempt(message: string, payload: Payload = {}, options: SendOptions = {}): Step {
  return send(message, payload, { mayFail: true, mayStaySilent: true, ...options });
}

/** The same, and wants it acknowledged; one that has a reply of its own gets only that. */
export function attemptAcknowledged(message: string, payload: Payload = {}, options: SendOptions = {}): Step {
  return attempt(message, payload, { needReply: true, ...options });
}
