/**
 * What both peers know of a connection after a message: a pure fold over messages.
 *
 * A session is an immutable value whose parts are shared between successive states, so that the state after any
 * record can be kept, compared and gone back to. It is followed per epoch: a new connection starts from nothing. After
 * an alteration the two sides live in different sessions, and each is folded over the bytes that side saw.
 */
import type { Payload } from '../decode.ts';
import type { Context, Frame } from '../frame.ts';
import { perKind } from '../kind.ts';
import type { Message } from '../message.ts';
import type { Area } from './area.ts';
import { type Config, config, noConfig } from './config.ts';
import { type Display, display, noDisplay } from './display.ts';
import { type Mappings, mappings, noMappings } from './mappings.ts';
import { type Memory, memory, noMemory } from './memory.ts';
import { type Migration, migration, noMigration } from './migration.ts';
import { type Negotiation, negotiation, noNegotiation } from './negotiation.ts';
import { noVrings, type Vrings, vrings } from './vring.ts';

/** The state of a connection, by area. */
export interface Areas {
  readonly negotiation: Negotiation;
  readonly memory: Memory;
  readonly vrings: Vrings;
  readonly config: Config;
  readonly migration: Migration;
  readonly mappings: Mappings;
  readonly display: Display;
}

/** A connection after a record. */
export interface Session extends Areas {
  /** Number of the last record folded in, 0 before the first. */
  readonly n: number;
  /** Messages folded in, those repeated at the head of a rotated file not counted. */
  readonly messages: number;
}

/** A message in its session: the state before it and after it. */
export interface Change {
  readonly frame: Frame;
  readonly message: Message;
  readonly before: Session;
  readonly after: Session;
}

/** A connection on which nothing was said. */
export const newSession: Session = {
  n: 0,
  messages: 0,
  negotiation: noNegotiation,
  memory: noMemory,
  vrings: noVrings,
  config: noConfig,
  migration: noMigration,
  mappings: noMappings,
  display: noDisplay,
};

const areas: { readonly [K in keyof Areas]: Area<Areas[K]> } = {
  negotiation,
  memory,
  vrings,
  config,
  migration,
  mappings,
  display,
};
const areaNames = Object.keys(areas) as (keyof Areas)[];

/** A session that is not shared yet: what a message changes is written into it. */
type NewSession = { -readonly [K in keyof Session]: Session[K] };
type Applied = (next: NewSession, payload: Payload, frame: Frame) => void;

/** What a kind of message changes, area by area. */
const changesOf = perKind(({ spec, reply }) =>
  spec === undefined ? [] : areaNames.flatMap(name => changeOf(name, spec.name, reply)),
);

function changeOf<K extends keyof Areas>(name: K, message: string, reply: boolean): Applied[] {
  const effect = (areas[name] as Area<Areas[K]>)[message]?.[reply ? 'reply' : 'request'];
  if (effect === undefined) return [];
  return [
    (next: { [N in K]: Areas[N] }, payload, frame) => {
      next[name] = effect(next[name], payload, frame);
    },
  ];
}

/**
 * The state after a message. Total: a message that is damaged, unknown or out of place changes what it can.
 *
 * @param now the state before it
 * @param frame the record
 * @param message what the record says
 */
export function fold(now: Session, frame: Frame, message: Message): Session {
  // Named one by one, since this is done for every message of a capture and a spread takes several times as long.
  const next: NewSession = {
    n: frame.n,
    messages: now.messages + (frame.carried ? 0 : 1),
    negotiation: now.negotiation,
    memory: now.memory,
    vrings: now.vrings,
    config: now.config,
    migration: now.migration,
    mappings: now.mappings,
    display: now.display,
  };
  for (const change of changesOf(message.kind)) change(next, message.payload, frame);
  return next;
}

/** The decode context that follows from a state: what a record of this connection should carry with it. */
export function contextAfter(now: Session, before: Context): Context {
  const { virtio, protocol } = now.negotiation;
  return {
    ...before,
    ...(virtio.accepted !== undefined && { features: virtio.accepted }),
    ...(protocol.accepted !== undefined && { protocolFeatures: protocol.accepted }),
  };
}
