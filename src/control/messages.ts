/**
 * What a viewer can ask a running engine, declared once: the server checks what comes in with these schemas, the
 * client and its users take their types from them, and docs/control.md tells them in prose.
 */
import { z } from 'zod';
import type { DeviceSource, Dialect, FdIdentity } from '../decode/frame.ts';

/** Goes up when a message changes its meaning; new requests, keys and events do not change it. */
export const controlVersion = 1;

/** One kind of request: what it is for, what it takes, what it gives. */
export interface RequestSpec<Params extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  readonly meaning: string;
  readonly params: Params;
  readonly result: Result;
}

function request<Params extends z.ZodType, Result extends z.ZodType>(
  meaning: string,
  params: Params,
  result: Result,
): RequestSpec<Params, Result> {
  return { meaning, params, result };
}

const nothing = z.strictObject({});
const channel = z.enum(['main', 'backend-req', 'gpu']);
const direction = z.enum(['front-to-back', 'back-to-front']);
/** The number of a record, as in the capture. */
const recordNumber = z.int().positive();
const side = z.enum(['front-end', 'back-end']);

/** How a side of a pair is reached. */
const roleSchema = z.object({ role: z.enum(['listen', 'connect', 'fd']), address: z.string() });

/** Who an engine is. */
const helloSchema = z.object({
  /** `controlVersion` of the engine. */
  protocol: z.int(),
  name: z.string(),
  version: z.string(),
  pid: z.int(),
  /** The name under which what this viewer does is recorded. */
  you: z.string(),
});

const pairSchema = z.object({
  name: z.string(),
  /** Virtio device id, as far as it is known by now, and how it is: as `device_from` in filters. */
  device: z.int().optional(),
  device_from: z.custom<DeviceSource>(value => typeof value === 'string').optional(),
  front_end: roleSchema,
  back_end: roleSchema,
  /** Sides we listen for at present. */
  listening: z.array(side),
  /** Sides that we wait for, since they do not listen. */
  waiting: z.array(side),
});

const peerSchema = z.object({ pid: z.int(), program: z.string(), version: z.string().optional() });

const connectionSchema = z.object({
  pair: z.string(),
  /** Never used again in the life of an engine. */
  connection: z.int(),
  /** 0 until the first byte. */
  session: z.int(),
  epoch: z.int(),
  /** When it was made, ISO 8601. */
  since: z.string(),
  channels: z.array(z.string()),
  front_end: peerSchema.optional(),
  back_end: peerSchema.optional(),
});

/** What an engine does at present. */
const statusSchema = z.object({
  name: z.string(),
  version: z.string(),
  pid: z.int(),
  /** ISO 8601. */
  started: z.string(),
  capture: z.object({
    /** Absent where nothing is kept. */
    path: z.string().optional(),
    /** The recording's number, `0x…`. */
    id: z.string(),
    /** Why nothing can be written at present. */
    failing: z.string().optional(),
  }),
  pairs: z.array(pairSchema),
  connections: z.array(connectionSchema),
  counts: z.object({
    /** Number of the last record. */
    records: z.int(),
    /** Connections since the start. */
    connections: z.int(),
    /** Those that follow what happens. */
    viewers: z.int(),
  }),
});

/** A message that is held. */
const heldSchema = z.object({
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
const obeyedSchema = z.object({ n: z.int(), done: z.boolean(), state: z.string() });

/** A message as somebody writes it: a transcript line, hex with its header, or assignments to fields of another one. */
const changeSchema = z.union([
  z.strictObject({ line: z.string().max(1 << 18) }),
  z.strictObject({ hex: z.string().max(1 << 19) }),
  z.strictObject({ set: z.string().max(1 << 16) }),
]);

/** Descriptors for a message: places among those that came, and fresh ones; `0,0,memfd:4K,eventfd,null` or `none`. */
const fdsSchema = z.string().max(4096);

const ruleSchema = z.object({
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

/** Every request by its name. */
export const requests = {
  hello: request(
    'says who asks, and learns who answers; the first request of a connection',
    z.strictObject({
      /** The person, as what they do is to be recorded. */
      author: z.string().max(64).optional(),
      program: z.string().max(64).optional(),
    }),
    helloSchema,
  ),
  status: request('asks for pairs, connections and counts', nothing, statusSchema),
  subscribe: request(
    'asks for the engine’s events from now on, or for none any more',
    z.strictObject({ events: z.boolean() }),
    nothing,
  ),
  note: request(
    'writes a person’s words into the capture, about a record where one is named',
    z.strictObject({ text: z.string().min(1).max(65_536), of: recordNumber.optional() }),
    nothing,
  ),
  hold: request(
    'sets a breakpoint: messages that the filter matches are held',
    z.strictObject({
      filter: z.string().max(65_536),
      /** The breakpoint's name; a number is made up without. One of the same name is replaced. */
      name: z.string().min(1).max(64).optional(),
      /** Hold one message, then forget the breakpoint. */
      once: z.boolean().optional(),
      /** Only at this match of each connection. */
      nth: z.int().positive().optional(),
      pair: z.string().optional(),
      connection: z.int().positive().optional(),
      /** Milliseconds until a held message goes on by itself; 30 seconds without. */
      ms: z.int().positive().optional(),
      forever: z.boolean().optional(),
    }),
    z.object({ name: z.string() }),
  ),
  unhold: request(
    'takes a breakpoint away, all of them without a name; what is held stays held',
    z.strictObject({ name: z.string().optional() }),
    z.object({ removed: z.array(z.string()) }),
  ),
  holds: request('asks what is held', nothing, z.object({ held: z.array(heldSchema) })),
  release: request(
    'lets a held message go, all of them without a number',
    z.strictObject({ n: recordNumber.optional() }),
    z.object({ released: z.array(obeyedSchema) }),
  ),
  step: request(
    'lets a held message go and holds the next of its connection, in either direction',
    z.strictObject({ n: recordNumber }),
    obeyedSchema,
  ),
  edit: request(
    'changes a held message or its descriptors; it stays held, and its time begins anew',
    z.strictObject({ n: recordNumber, change: changeSchema.optional(), fds: fdsSchema.optional() }),
    obeyedSchema,
  ),
  prolong: request(
    'has a held message wait as long again from now on',
    z.strictObject({ n: recordNumber }),
    obeyedSchema,
  ),
  drop: request('keeps a held message from the other side', z.strictObject({ n: recordNumber }), obeyedSchema),
  answer: request(
    'answers a held message in the name of the side it was meant for, which does not get it',
    z.strictObject({
      n: recordNumber,
      /** `ok`, `error`, `empty`, a number for a u64, or a transcript line. */
      with: z.string().max(1 << 18),
    }),
    obeyedSchema,
  ),
  close: request('closes the connection of a held message', z.strictObject({ n: recordNumber }), obeyedSchema),
  inject: request(
    'sends a message of ours',
    z.strictObject({
      message: changeSchema,
      pair: z.string().optional(),
      connection: z.int().positive().optional(),
      /** Where the line does not tell: the main channel, and towards whom its requests go. */
      channel: channel.optional(),
      direction: direction.optional(),
      fds: fdsSchema.optional(),
      /** Keep the reply from the side that did not ask. */
      keepReply: z.boolean().optional(),
    }),
    z.object({
      /** Its record; absent while it waits for the end of another message. */
      n: z.int().optional(),
    }),
  ),
  rules: request(
    'asks for rules and breakpoints and what became of them',
    nothing,
    z.object({
      rules: z.array(ruleSchema),
      /** The files they come from, absolute. */
      files: z.array(z.string()),
      /** Names of the rules that come with vhuscope, for `load`. */
      ready: z.array(z.string()),
    }),
  ),
  switch: request(
    'has rules and breakpoints of a name rest, or be in force again',
    z.strictObject({ name: z.string(), on: z.boolean() }),
    nothing,
  ),
  load: request(
    'reads files of rules, which take the place of those before; without names the same files anew',
    z.strictObject({
      /** Absolute paths, or names of rules that come with vhuscope; none to have no rules from files any more. */
      files: z.array(z.string().max(4096)).max(64).optional(),
    }),
    z.object({ rules: z.int(), files: z.array(z.string()) }),
  ),
  stop: request(
    'ends the engine: closes the connections, writes the capture to its end',
    z.strictObject({
      /** Milliseconds in which what is on its way is still delivered. */
      graceMs: z.int().min(0).max(60_000).optional(),
    }),
    nothing,
  ),
} as const;

/** The name of a request. */
export type RequestName = keyof typeof requests;
/** What a request takes. */
export type Params<Name extends RequestName> = z.infer<(typeof requests)[Name]['params']>;
/** What a request gives. */
export type Result<Name extends RequestName> = z.infer<(typeof requests)[Name]['result']>;

/** Who an engine is. */
export type Hello = Result<'hello'>;
/** What an engine does at present. */
export type Status = Result<'status'>;
/** One pair in it. */
export type PairStatus = Status['pairs'][number];
/** One connection in it. */
export type ConnectionStatus = Status['connections'][number];

/** A message that is held. */
export type HeldStatus = z.infer<typeof heldSchema>;
/** A message as somebody writes it. */
export type WrittenChange = z.infer<typeof changeSchema>;
/** A rule or breakpoint, and what became of it. */
export type RuleStatus = z.infer<typeof ruleSchema>;

/** Something an engine tells without having been asked; the keys beside `type` depend on it, see docs/control.md. */
export const eventSchema = z.looseObject({ type: z.string() });
/** An event of an engine. */
export type ControlEvent = z.infer<typeof eventSchema>;
