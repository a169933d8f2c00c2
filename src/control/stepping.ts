/** What is told and asked of messages that are held, changed or made, and of the rules that do so. */
import { z } from 'zod';
import type { Dialect, FdIdentity } from '../decode/frame.ts';
import { channel, direction, side } from './terms.ts';

/** A message that is held. */
export const heldSchema = z.object({
  /** Number of the event that told of it; orders name it by that. */
  n: z.int(),
  pair: z.string(),
  connection: z.int(),
  session: z.int(),
  epoch: z.int(),
  channel,
  direction,
  name: z.string(),
  /** The rule or breakpoint. */
  rule: z.string(),
  /** Milliseconds it has been held, and until it goes on by itself; absent where it never does. */
  heldMs: z.number(),
  leftMs: z.number().optional(),
  /** What would be sent at present as a transcript line, which can be edited; empty where nothing would be. */
  line: z.string(),
  /** The same as bytes, header included; absent where nothing would be sent. */
  bytes: z.custom<Uint8Array>(value => value instanceof Uint8Array).optional(),
  /** What came with it: `kind` and what is known of each. */
  fds: z.array(z.custom<FdIdentity>(value => typeof value === 'object' && value !== null && 'kind' in value)),
  /** What would be sent with it, as `edit` takes it: places among those that came, and fresh ones. */
  sends: z.array(z.string()),
  /** The side that cannot go on, since it waits for the reply to that request; for so long at least. */
  waits: z.object({ side, request: z.string(), ms: z.number() }).optional(),
  /** The side that sent it has hung up meanwhile; the other one hears of that when the message has gone on. */
  gone: side.optional(),
  /** What was agreed on when it came: masks as `0x…`, and who speaks. */
  context: z.object({
    features: z.string().optional(),
    protocol_features: z.string().optional(),
    /** Virtio device id. */
    device: z.int().optional(),
    front_end: z.custom<Dialect>(value => typeof value === 'string').optional(),
    back_end: z.custom<Dialect>(value => typeof value === 'string').optional(),
    big_endian: z.boolean().optional(),
  }),
});

/** What became of an order about a held message; with `done` false it had gone on before, as `state` says. */
export const obeyedSchema = z.object({ n: z.int(), done: z.boolean(), state: z.string() });

/** A message as somebody writes it: a transcript line, hex with its header, or assignments to fields of another one. */
export const changeSchema = z.union([
  z.strictObject({ line: z.string().max(1 << 18) }),
  z.strictObject({ hex: z.string().max(1 << 19) }),
  z.strictObject({ set: z.string().max(1 << 16) }),
]);

/** Descriptors for a message: places among those that came, and fresh ones; `0,0,memfd:4K,eventfd,null` or `none`. */
export const fdsSchema = z.string().max(4096);

/** A rule or breakpoint, and what became of it. */
export const ruleSchema = z.object({
  name: z.string(),
  /** `file:line:column`. */
  place: z.string().optional(),
  when: z.string(),
  does: z.array(z.string()),
  /** Messages of the kind it is about; those that its filter matched; those it was applied to. */
  seen: z.int(),
  matched: z.int(),
  fired: z.int(),
  /** What became of the last one, and why. */
  last: z.string(),
  /** A breakpoint, which `unhold` takes away. */
  breakpoint: z.boolean(),
  /** It rests until it is switched on again. */
  off: z.boolean(),
  /** Who made it, where a person did. */
  by: z.string().optional(),
  /** What keeps it from firing at every match: `once`, `pair vm1`. */
  limits: z.array(z.string()),
});
