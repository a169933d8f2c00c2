/**
 * The session is made of areas: negotiation, memory, rings, … Each is an immutable value and a table that says which
 * message changes it and how. What a message does not name here, it does not change.
 */
import type { Payload, Value } from '../decode.ts';
import type { FdIdentity, Frame } from '../frame.ts';
import type { U64 } from '../schema.ts';

/** The new value of an area after a message. */
export type Effect<A> = (now: A, payload: Payload, frame: Frame) => A;

/** By message name: what its request and what its reply change. */
export interface Area<A> {
  readonly [message: string]: { readonly request?: Effect<A>; readonly reply?: Effect<A> };
}

/** Whether a field was decoded to a number. */
export function known(value: Value | undefined): value is U64 {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A numeric field, or zero where the bytes ran out. */
export function number(value: Value | undefined): number {
  return known(value) ? Number(value) : 0;
}

/** A 64-bit field as bigint, or zero where the bytes ran out. */
export function big(value: Value | undefined): bigint {
  return known(value) ? BigInt(value) : 0n;
}

/** A descriptor as later messages refer to it: the record that carried it and what it is. */
export interface CarriedFd {
  readonly n: number;
  /** Position among the descriptors of that record. */
  readonly at: number;
  readonly identity: FdIdentity;
}

/** The descriptor at a position of a frame, where one came. */
export function fdOf(frame: Frame, at = 0): CarriedFd | undefined {
  const identity = frame.fds[at];
  return identity && { n: frame.n, at, identity };
}
