/** Runs the rules over a recording, one record after the other. Pure: state in, findings out. */
import type { Frame } from '../frame.ts';
import { type Kind, perKind } from '../kind.ts';
import type { Message } from '../message.ts';
import { allWaiting, type Connection, heard, type Knowledge, knowledgeOf, requestOf } from '../session/connection.ts';
import { Connections } from '../session/connections.ts';
import { type Side, sideOf } from '../side.ts';
import { jsonBody } from '../text/event.ts';
import { HeldBack } from '../timing.ts';
import type { EndRule, Finding, Found, MessageRule, RawRule, Rule, Step } from './rule.ts';
import { rules as allRules } from './rules/index.ts';

const sides: readonly Side[] = ['front-end', 'back-end'];

/** Checks a recording as it is read. */
export class Checker {
  /** The rules that can fire on a kind of message, those that look at many messages first. */
  readonly #rulesOf: (kind: Kind) => readonly MessageRule[];
  readonly #ends: EndRule[] = [];
  readonly #raw: RawRule[] = [];
  /** The connections as the rules see them: whoever goes along need not follow them a second time. */
  readonly connections = new Connections();
  readonly #heldBack = new HeldBack();
  readonly #supersedes: ReadonlyMap<string, readonly string[]>;

  constructor(rules: readonly Rule[] = allRules) {
    this.#supersedes = new Map(rules.map(rule => [rule.id, rule.supersedes ?? []]));
    const general: MessageRule[] = [];
    const named: MessageRule[] = [];
    for (const rule of rules) {
      if ('atEnd' in rule) this.#ends.push(rule);
      else if ('checkRaw' in rule) this.#raw.push(rule);
      else if (typeof rule.on === 'string') general.push(rule);
      else named.push(rule);
    }
    this.#rulesOf = perKind(kind => [...general, ...named].filter(rule => concerns(rule, kind)));
  }

  /** Takes the next message; gives what became true with it. */
  message(frame: Frame, message: Message): Finding[] {
    const { before, after } = this.connections.message(frame, message);
    if (frame.carried) return [];
    const found = this.#found(frame, message, before, after);
    this.#heldBack.take(frame);
    return found;
  }

  #found(frame: Frame, message: Message, before: Connection, after: Connection): Finding[] {
    if (after.backEnd === undefined) return this.#judge(frame, message, before, after, after);
    // Each side is judged by what it said and by what has reached it.
    return sides.flatMap(side => {
      const one = heard(before, side, frame, message);
      if (!one) return [];
      const found = this.#judge(one.frame, one.message, knowledgeOf(before, side), knowledgeOf(after, side), after);
      return found.filter(finding => finding.side === side);
    });
  }

  #judge(
    frame: Frame,
    message: Message,
    before: Knowledge,
    after: Knowledge,
    { peers, fromStart }: Connection,
  ): Finding[] {
    const request = requestOf(before, message);
    const step: Step = {
      frame,
      message,
      before: before.state,
      after: after.state,
      peers,
      previous: after.previous,
      request,
      heldBack: request !== undefined && this.#heldBack.since(frame, request.frame.sentNs),
      waiting: before.waiting[frame.channel],
      fromStart,
    };
    const found: Finding[] = [];
    for (const rule of this.#rulesOf(message.kind)) {
      const result = rule.check(step);
      if (result !== undefined) this.#collect(found, rule, result, frame);
    }
    return this.#unsuperseded(found);
  }

  /** Takes bytes that are no message. */
  raw(frame: Frame): Finding[] {
    const first = this.connections.raw(frame);
    const found: Finding[] = [];
    for (const rule of this.#raw) this.#collect(found, rule, rule.checkRaw({ frame, first }), frame);
    return this.#unsuperseded(found);
  }

  /** Takes an event; the end of a connection brings findings of its own. */
  event(frame: Frame, body = jsonBody(frame)): Finding[] {
    const connection = this.connections.event(frame, body);
    if (!connection) return [];
    const first = String(body?.first ?? 'unknown');
    if (connection.backEnd === undefined) return this.#judgeEnd(frame, connection, connection, first);
    return sides.flatMap(side => {
      const found = this.#judgeEnd(frame, knowledgeOf(connection, side), connection, first);
      return found.filter(finding => finding.side === side);
    });
  }

  #judgeEnd(frame: Frame, knowledge: Knowledge, { fromStart }: Connection, first: string): Finding[] {
    const end = { frame, session: knowledge.state, waiting: allWaiting(knowledge), fromStart, first };
    const found: Finding[] = [];
    for (const rule of this.#ends) this.#collect(found, rule, rule.atEnd(end), frame);
    return this.#unsuperseded(found);
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

/** Whether a rule can fire on a kind of message. */
function concerns({ on, only }: MessageRule, kind: Kind): boolean {
  const { spec, reply } = kind;
  const isMeant =
    typeof on === 'string' ? on === 'messages' || (on === 'replies') === reply : spec && on.includes(spec.name);
  return isMeant === true && (only === undefined || only(kind));
}
