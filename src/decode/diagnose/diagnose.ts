/** Makes the story of each connection from a recording, and lets the diagnoses speak about it. Pure. */
import { Checker } from '../check/check.ts';
import type { Finding } from '../check/rule.ts';
import { type Identity, identify, unknownPeers } from '../dialects/peers.ts';
import type { Frame } from '../frame.ts';
import { decodeFrame, type Message } from '../message.ts';
import { ByConnection, type ConnectionName } from '../session/by-connection.ts';
import { type Asked, type Connection, type Knowledge, knowledgeOf, owed, requestOf } from '../session/connection.ts';
import type { Connections } from '../session/connections.ts';
import { newSession } from '../session/session.ts';
import { type Side, sideOf } from '../side.ts';
import type { JsonObject } from '../text/event.ts';
import { HeldBack } from '../timing.ts';
import { diagnoses } from './diagnoses/index.ts';
import type { Ending, Exit, Intervention, Story, Verdict } from './diagnosis.ts';

/** What the checker leaves open: facts of one connection that only its story needs. */
interface Notes extends ConnectionName {
  readonly device: number | undefined;
  /** Wall clock of its first and its last record, nanoseconds since 1970. */
  readonly fromNs: bigint;
  toNs: bigint;
  findings: Finding[];
  exits: Exit[];
  interventions: Intervention[];
  lastRequest?: Story['lastRequest'];
  lastReply?: Story['lastReply'];
  slowest?: Story['slowest'];
  ending?: Ending;
  end?: Connection;
}

function notesFrom({ pair, session, epoch, context, wallNs }: Frame): Notes {
  const nothing = { findings: [], exits: [], interventions: [] };
  return { pair, session, epoch, device: context.device, fromNs: wallNs, toNs: wallNs, ...nothing };
}

/** A message with bytes of its own: those of a record lie in a larger piece of the file, which would be kept with them. */
function kept<T extends Asked | NonNullable<Story['lastRequest']>>(one: T): T {
  const frame = { ...one.frame, bytes: one.frame.bytes.slice() };
  return { ...one, frame, message: decodeFrame(frame) };
}

function keptWaiting({ waiting: { main, gpu, 'backend-req': requests } }: Knowledge): Pick<Knowledge, 'waiting'> {
  return { waiting: { main: main.map(kept), gpu: gpu.map(kept), 'backend-req': requests.map(kept) } };
}

/** Who speaks on a connection. */
export interface Speakers {
  readonly pair: string;
  readonly session: number;
  readonly epoch: number;
  /** The front-end, then the back-end. */
  readonly peers: readonly Identity[];
}

/** Checks and diagnoses a recording as it is read. */
export class Physician {
  readonly #checker = new Checker();
  readonly #heldBack = new HeldBack();
  readonly #notes = new ByConnection<Notes>();
  /** Where pairs said first that their back-end is not there. */
  readonly #absent = new Map<string, Frame>();
  #lastNs = 0n;

  /** The connections, as far as the recording was taken. */
  get connections(): Connections {
    return this.#checker.connections;
  }

  /** Takes the next message; gives the findings that became true with it. */
  message(frame: Frame, message: Message): Finding[] {
    const notes = this.#notesOf(frame);
    if (message.reply) this.#time(notes, frame, message);
    this.#heldBack.take(frame);
    const found = this.#checker.message(frame, message);
    if (found.length > 0) note(notes, found);
    if (frame.channel === 'main' && frame.sentBytes?.length !== 0) {
      if (message.reply) notes.lastReply = { frame, message };
      else notes.lastRequest = { frame, message };
    }
    return found;
  }

  /** Takes bytes of the recording that are no message. */
  raw(frame: Frame): Finding[] {
    const found = this.#checker.raw(frame);
    note(this.#notesOf(frame), found);
    return found;
  }

  /** Takes an event of the recording, its JSON parsed. */
  event(frame: Frame, event: JsonObject): Finding[] {
    if (frame.session === 0) {
      if (event.event === 'back-end-absent' && !this.#absent.has(frame.pair)) this.#absent.set(frame.pair, frame);
      return [];
    }
    const notes = this.#notesOf(frame);
    if (event.event === 'peer-exit') {
      const { side, state, after_ms } = event;
      notes.exits.push({ side: side as Side, state: String(state), afterMs: Number(after_ms) });
    }
    if (interventions.has(String(event.event)) && notes.interventions.length < mostInterventions)
      notes.interventions.push(interventionOf(frame.n, event));
    if (event.event !== 'closed' || frame.channel !== 'main') return this.#checker.event(frame, event);
    this.#end(notes, frame, event);
    const found = this.#checker.event(frame, event);
    note(notes, found);
    return found;
  }

  /** What is to be said about every connection so far, in order. */
  verdicts(): Verdict[] {
    const connected = new Set(Array.from(this.#notes.values(), ({ pair }) => pair));
    const absent = [...this.#absent.values()].filter(({ pair }) => !connected.has(pair));
    const stories = absent.map(frame => ({
      ...this.#story(notesFrom(frame)),
      absentAt: frame.n,
    }));
    return [...this.stories(), ...stories].flatMap(story => judge(story));
  }

  /** The stories of all connections so far, in order. */
  stories(): Story[] {
    return Array.from(this.#notes.values(), notes => this.#story(notes));
  }

  /** Who speaks on every connection so far, in order. */
  speakers(): Speakers[] {
    return Array.from(this.#notes.values(), notes => {
      const { pair, session, epoch, peers } = this.#story(notes);
      return { pair, session, epoch, peers: [identify(peers, 'front-end'), identify(peers, 'back-end')] };
    });
  }

  #notesOf(frame: Frame): Notes {
    if (frame.wallNs > this.#lastNs) this.#lastNs = frame.wallNs;
    const notes = this.#notes.of(frame) ?? this.#notes.set(frame, notesFrom(frame));
    notes.toNs = frame.wallNs;
    return notes;
  }

  /** A connection that has ended keeps what its story needs, however many come after it. */
  #end(notes: Notes, frame: Frame, { how, first }: JsonObject): void {
    notes.ending = {
      frame: { ...frame, bytes: frame.bytes.slice() },
      how: String(how),
      first: (first ?? 'unknown') as Ending['first'],
    };
    if (notes.lastRequest) notes.lastRequest = kept(notes.lastRequest);
    if (notes.lastReply) notes.lastReply = kept(notes.lastReply);
    const end = this.connections.of(frame);
    if (!end) return;
    const { backEnd } = end;
    notes.end = { ...end, ...keptWaiting(end), ...(backEnd && { backEnd: { ...backEnd, ...keptWaiting(backEnd) } }) };
  }

  #time(notes: Notes, frame: Frame, message: Message): void {
    const connection = this.connections.of(frame);
    const author = sideOf(frame.dir);
    const request = connection && author && requestOf(knowledgeOf(connection, author), message);
    if (!request || request.frame.n !== frame.answers || request.frame.sentNs === 0n) return;
    if (this.#heldBack.since(frame, request.frame.sentNs)) return;
    const ns = frame.receivedNs - request.frame.sentNs;
    if (ns > (notes.slowest?.ns ?? 0n)) notes.slowest = { ns, n: frame.n, name: message.name };
  }

  #story(notes: Notes): Story {
    const { pair, session, epoch, findings, exits, interventions } = notes;
    const connection = notes.end ?? this.connections.of(notes);
    return {
      pair,
      session,
      epoch,
      state: connection?.state ?? newSession,
      previous: connection?.previous,
      waiting: connection ? owed(connection) : [],
      frontEndWaits: (connection?.waiting.main.length ?? 0) > 0,
      lastRequest: notes.lastRequest,
      lastReply: notes.lastReply,
      slowest: notes.slowest,
      ending: notes.ending,
      exits,
      interventions,
      findings,
      durationNs: notes.toNs - notes.fromNs,
      lastNs: this.#lastNs,
      device: notes.device,
      peers: connection?.peers ?? unknownPeers,
    };
  }
}

/** Findings and interventions of a connection that its story has. */
const mostFindings = 10_000;
const mostInterventions = 100;
/** Events that tell that vhuscope changed, kept back or made a message. */
const interventions: ReadonlySet<string> = new Set(['edited', 'dropped', 'injected']);

function interventionOf(n: number, { event, of, by, why }: JsonObject): Intervention {
  return { n, of: Number(of), how: String(event), by: String(by ?? why) };
}

function note({ findings }: Notes, found: readonly Finding[]): void {
  if (findings.length < mostFindings) findings.push(...found);
}

/** What the diagnoses say about a story. */
export function judge(story: Story): Verdict[] {
  const told = diagnoses.flatMap(diagnosis => {
    const one = diagnosis.tell(story);
    return one ? [{ diagnosis, one }] : [];
  });
  const explained = new Set(told.flatMap(({ diagnosis }) => diagnosis.explains ?? []));
  return told
    .filter(({ diagnosis }) => !explained.has(diagnosis.id))
    .map(({ diagnosis: { id, title, meaning, remedy, confirm }, one }) => ({
      ...one,
      id,
      title,
      meaning,
      remedy,
      confirm,
      pair: story.pair,
      session: story.session,
      epoch: story.epoch,
    }));
}
