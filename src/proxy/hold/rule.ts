/** A rule, a breakpoint among them: when it fires, and why it did not. Pure. */
import { messageByName } from '../../decode/catalog.ts';
import { compileFilter, type Filter, type Subject } from '../../decode/filter/filter.ts';
import { lex } from '../../decode/filter/lex.ts';
import { channels, type Frame } from '../../decode/frame.ts';
import type { Action } from '../tamper/index.ts';
import { type Match, Matches } from './matches.ts';
import { tableOf } from './verdicts.ts';

/** A rule as it is written; plain data. */
export interface Rule {
  readonly name: string;
  /** `file:line:column`, where it stands in a file. */
  readonly place?: string;
  /** A filter; empty for every message. */
  readonly when: string;
  /** Only at this match of each connection, from 1. */
  readonly nth?: number;
  /** Only at every so manieth match of each connection. */
  readonly every?: number;
  /** Only with that chance, from 0 to 1. */
  readonly probability?: number;
  /** What chance follows from: the same seed gives the same again. */
  readonly seed?: number;
  /** So often at most. */
  readonly times?: number;
  readonly pair?: string;
  readonly session?: number;
  readonly epoch?: number;
  readonly connection?: number;
  readonly do: readonly Action[];
}

/** A rule ready for use: the messages it may be about are worked out. Plain data, made on the engine's main thread. */
export interface ArmedRule {
  readonly rule: Rule;
  /** By channel and direction, see `tableIndex`. */
  readonly tables: readonly Uint8Array[];
}

/** The place of a direction's table among those of a rule. `channel` is its number in the capture file. */
export function tableIndex(channel: number, direction: 1 | 2): number {
  return channel * 2 + direction - 1;
}

/** Works out what a rule may be about. @throws SyntaxProblem where its filter cannot be read */
export function armedRule(rule: Rule): ArmedRule {
  const filter = compileFilter(rule.when);
  const directions = ['front-to-back', 'back-to-front'] as const;
  return { rule, tables: channels.flatMap(channel => directions.map(dir => tableOf(filter, channel, dir))) };
}

/** What a rule has seen so far. */
export interface Tally {
  /** Messages of the kind that its filter is about. */
  readonly seen: number;
  readonly matched: number;
  readonly fired: number;
  /** What became of the last message it has seen. */
  readonly last: string;
}

/** Before the first message. */
export const newTally: Tally = { seen: 0, matched: 0, fired: 0, last: 'no such message yet' };

/** Messages of migration: held back they may hang it, so a rule must name them to hold them. */
const sheltered = new Set(
  ['SET_LOG_BASE', 'SET_LOG_FD', 'POSTCOPY_ADVISE', 'POSTCOPY_LISTEN', 'POSTCOPY_END', 'SET_DEVICE_STATE_FD'].concat(
    'CHECK_DEVICE_STATE',
  ),
);

/** A rule with its filter compiled. */
export class Watcher {
  /** Exchanged only for the same one in another place. */
  rule: Rule;
  readonly tables: readonly Uint8Array[];
  /** Who made it, where a person did. */
  readonly by: string | undefined;
  /** It rests. */
  off = false;
  /** Random numbers for the last message that it has matched. */
  random: Match['random'] = () => 0;
  #tally: Tally = newTally;
  readonly #matches = new Matches();
  /** Messages that the filter did not match, which are not worth a tally of their own; and whether the last was one. */
  #others = 0;
  #lastIsOther = false;
  readonly #filter: Filter;
  /** Messages that the filter names. */
  readonly #named: ReadonlySet<string>;

  constructor({ rule, tables }: ArmedRule, by?: string) {
    this.rule = rule;
    this.tables = tables;
    this.by = by;
    this.#filter = compileFilter(rule.when);
    this.#named = namesIn(rule.when);
  }

  /** What it has seen so far. */
  get tally(): Tally {
    const last = this.#lastIsOther ? 'the filter did not match' : this.#tally.last;
    return { ...this.#tally, seen: this.#tally.seen + this.#others, last };
  }

  /** Considers a message and keeps the tally; true where the rule fires. */
  fires(subject: Subject, name: () => string, connection: number): boolean {
    const { frame } = subject;
    const scope = scopeProblem(this.rule, frame, connection);
    this.#lastIsOther = scope === undefined && !this.#filter.test(subject);
    if (this.#lastIsOther) {
      this.#others++;
      return false;
    }
    const { fires, tally } = consider(this.rule, this.#tally, {
      scope,
      sheltered: () => frame.channel === 'main' && sheltered.has(name()) && !this.#named.has(name()),
      matched: () => {
        const match = this.#matches.next(connection, frame, this.rule);
        this.random = match.random;
        return match;
      },
    });
    this.#tally = tally;
    return fires;
  }

  /** A connection is over. */
  forget(connection: number): void {
    this.#matches.forget(connection);
  }

  /** What it did made no difference. */
  idle(): void {
    this.#tally = { ...this.#tally, last: 'fired, but there was nothing to change' };
  }

  /** What it decided did not come to anything. */
  failed(why: string): void {
    this.#tally = { ...this.#tally, fired: this.#tally.fired - 1, last: `could not be done: ${why}` };
  }
}

/** Whether two rules are the same but for where they stand. */
export function isSameRule({ place: _place, ...one }: Rule, { place: _other, ...another }: Rule): boolean {
  return JSON.stringify(one) === JSON.stringify(another);
}

/** What is known of a message that a rule's filter matches. */
export interface Considered {
  /** Why the rule is not about this connection at all. */
  readonly scope: string | undefined;
  /** It belongs to a migration, and the rule does not name it. */
  sheltered(): boolean;
  /** Counts the match. */
  matched(): Match;
}

/** Whether a rule fires for a message, with the reason in the tally. */
export function consider(rule: Rule, tally: Tally, message: Considered): { fires: boolean; tally: Tally } {
  const seen = { ...tally, seen: tally.seen + 1 };
  const no = (last: string, so: Tally = seen) => ({ fires: false, tally: { ...so, last } });
  if (message.scope !== undefined) return no(message.scope);
  if (rule.do.some(({ tamper }) => tamper === 'hold') && message.sheltered())
    return no('a message of migration is held only if the rule names it');
  const { n: count, random } = message.matched();
  const matched: Tally = { ...seen, matched: seen.matched + 1 };
  if (rule.nth !== undefined && count !== rule.nth)
    return no(`match ${count} of the connection, not ${rule.nth}`, matched);
  if (rule.every !== undefined && count % rule.every !== 0)
    return no(`match ${count} of the connection, fires at every ${rule.every}`, matched);
  if (rule.times !== undefined && tally.fired >= rule.times)
    return no(`has fired ${tally.fired} times already`, matched);
  if (rule.probability !== undefined && random() >= rule.probability) return no('not this time, by chance', matched);
  return { fires: true, tally: { ...matched, fired: tally.fired + 1, last: 'fired' } };
}

function scopeProblem(rule: Rule, frame: Frame, connection: number): string | undefined {
  if (rule.pair !== undefined && rule.pair !== frame.pair) return `is for pair ${rule.pair}, this was ${frame.pair}`;
  if (rule.connection !== undefined && rule.connection !== connection) return 'is for another connection';
  if (rule.session !== undefined && rule.session !== frame.session)
    return `is for session ${rule.session}, this was ${frame.session}`;
  if (rule.epoch !== undefined && rule.epoch !== frame.epoch)
    return `is for epoch ${rule.epoch}, this was ${frame.epoch}`;
  return undefined;
}

/** What keeps a rule from firing at every match, in words. */
export function limitsOf(rule: Rule): string[] {
  const { nth, every, times, probability, pair, session, epoch, connection } = rule;
  const limits: readonly (readonly [unknown, string])[] = [
    [nth, `match ${nth} of each connection`],
    [every, `every ${every}. match of a connection`],
    [times, times === 1 ? 'once' : `at most ${times} times`],
    [probability, `with chance ${probability}`],
    [pair, `pair ${pair}`],
    [session, `session ${session}`],
    [epoch, `epoch ${epoch}`],
    [connection, `connection ${connection}`],
  ];
  return limits.flatMap(([given, words]) => (given === undefined ? [] : [words]));
}

/** The messages that a filter names, by name or number of the main channel. */
function namesIn(when: string): Set<string> {
  const specs = lex(when).map(({ text }) => messageByName(text.replace(/\(\d+\)$/, ''))?.spec.name);
  return new Set(specs.filter(name => name !== undefined));
}
