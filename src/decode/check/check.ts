/** Runs the rules over a recording, one record after the other. Pure: state in, findings out. */
import { answering } from '../exchange.ts';
import type { Channel, Frame } from '../frame.ts';
import { type Message, payloadSource } from '../message.ts';
import { fold, newSession, type Session } from '../session/session.ts';
import type { Asked, EndRule, Finding, Found, MessageRule, Rule, Step } from './rule.ts';
import { rules as allRules } from './rules/index.ts';
import { sideOf } from './side.ts';

/** Requests kept per channel while they wait for an answer; a peer that never answers must not fill the memory. */
const mostWaiting = 1024;

/** One connection being checked. */
interface Connection {
  session: Session;
  readonly previous: Session | undefined;
  readonly waiting: Map<Channel, Asked[]>;
  readonly fromStart: boolean;
}

/** What is known of a connection at a point of the recording. */
export interface Followed {
  readonly session: Session;
  /** The last state of the connection before it. */
  readonly previous: Session | undefined;
  /** Requests that wait for an answer on any channel, oldest first. */
  readonly waiting: readonly Asked[];
}

/** Whether a request will be answered, as far as the negotiation at that point tells. */
export function expectsReply(frame: Frame, message: Message): boolean {
  return (
    answering(message.spec, message.needReply, payloadSource(frame.bytes, { ...frame, dir: frame.dir })) !== 'never'
  );
}

/** Checks a recording as it is read. */
export class Checker {
  readonly #byName = new Map<string, MessageRule[]>();
  readonly #general: MessageRule[] = [];
  readonly #ends: EndRule[] = [];
  readonly #connections = new Map<string, Connection>();
  readonly #supersedes: ReadonlyMap<string, readonly string[]>;
  /** Last state of each session, for the epoch that follows. */
  readonly #last = new Map<string, Session>();

  constructor(rules: readonly Rule[] = allRules) {
    this.#supersedes = new Map(rules.map(rule => [rule.id, rule.supersedes ?? []]));
    for (const rule of rules) {
      if ('atEnd' in rule) this.#ends.push(rule);
      else if (typeof rule.on === 'string') this.#general.push(rule);
      else for (const name of rule.on) this.#byName.set(name, [...(this.#byName.get(name) ?? []), rule]);
    }
  }

  /** Takes the next message; gives what became true with it. */
  message(frame: Frame, message: Message): Finding[] {
    const connection = this.#connection(frame);
    const before = connection.session;
    const after = fold(before, frame, message);
    connection.session = after;
    if (frame.carried) return [];
    const waiting = connection.waiting.get(frame.channel) ?? [];
    const request = message.reply ? waiting.find(asked => asked.message.id === message.id) : undefined;
    const { previous, fromStart } = connection;
    const step: Step = { frame, message, before, after, previous, request, waiting, fromStart };
    const found: Finding[] = [];
    for (const rule of this.#general) {
      if (rule.on === 'requests' && message.reply) continue;
      if (rule.on === 'replies' && !message.reply) continue;
      this.#collect(found, rule, rule.check(step), frame);
    }
    for (const rule of this.#byName.get(message.name) ?? []) this.#collect(found, rule, rule.check(step), frame);
    this.#settle(connection, frame, message, before, request);
    return this.#unsuperseded(found);
  }

  /** Takes an event; the end of a connection brings findings of its own. */
  event(frame: Frame, name: string): Finding[] {
    if (name !== 'closed') return [];
    const key = keyOf(frame);
    const connection = this.#connections.get(key);
    if (!connection) return [];
    this.#connections.delete(key);
    this.#last.set(sessionKey(frame), connection.session);
    const waiting = [...connection.waiting.values()].flat();
    const found: Finding[] = [];
    const { session, fromStart } = connection;
    const end = { frame, session, waiting, fromStart };
    for (const rule of this.#ends) this.#collect(found, rule, rule.atEnd(end), frame);
    return this.#unsuperseded(found);
  }

  /** The connection a frame belongs to, as it stands; `undefined` once it has ended. */
  followed(frame: Frame): Followed | undefined {
    const connection = this.#connections.get(keyOf(frame));
    if (!connection) return undefined;
    const { session, previous } = connection;
    const waiting = [...connection.waiting.values()].flat().sort((a, b) => a.frame.n - b.frame.n);
    return { session, previous, waiting };
  }

  #connection(frame: Frame): Connection {
    const key = keyOf(frame);
    let connection = this.#connections.get(key);
    if (!connection) {
      connection = {
        session: newSession,
        previous: this.#last.get(sessionKey(frame)),
        waiting: new Map(),
        fromStart: frame.channel === 'main' && frame.offset === 0 && frame.dir === 'front-to-back',
      };
      this.#connections.set(key, connection);
    }
    return connection;
  }

  #settle(connection: Connection, frame: Frame, message: Message, session: Session, request: Asked | undefined): void {
    const waiting = connection.waiting.get(frame.channel) ?? [];
    if (message.reply) {
      if (request) waiting.splice(waiting.indexOf(request), 1);
    } else if (expectsReply(frame, message) && waiting.length < mostWaiting) {
      waiting.push({ frame, message, session });
    }
    connection.waiting.set(frame.channel, waiting);
  }

  #unsuperseded(found: Finding[]): Finding[] {
    if (found.length < 2) return found;
    const silent = new Set(found.flatMap(one => this.#supersedes.get(one.rule) ?? []));
    return found.filter(one => !silent.has(one.rule));
  }

  #collect(into: Finding[], rule: Rule, result: Found | readonly Found[] | undefined, frame: Frame): void {
    if (result === undefined) return;
    for (const one of Array.isArray(result) ? (result as readonly Found[]) : [result as Found]) {
      const found = typeof one === 'string' ? { message: one } : one;
      into.push({
        rule: rule.id,
        name: rule.name,
        severity: found.severity ?? rule.severity,
        message: found.message,
        side: found.side ?? sideOf(frame.dir),
        records: [frame.n, ...(found.records ?? [])],
        pair: frame.pair,
        session: frame.session,
        epoch: frame.epoch,
        spec: rule.spec,
        remedy: rule.remedy,
      });
    }
  }
}

function keyOf(frame: Frame): string {
  return `${frame.pair}/${frame.session}/${frame.epoch}`;
}

function sessionKey(frame: Frame): string {
  return frame.pair;
}
