/**
 * What a viewer can ask a running engine, declared once: the server checks what comes in with these schemas, the
 * client and its users take their types from them, and docs/control.md tells them in prose.
 */
import { z } from 'zod';

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
  /** Virtio device id. */
  device: z.int().optional(),
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
    viewers: z.int(),
  }),
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

/** Something an engine tells without having been asked; the keys beside `type` depend on it, see docs/control.md. */
export const eventSchema = z.looseObject({ type: z.string() });
/** An event of an engine. */
export type ControlEvent = z.infer<typeof eventSchema>;
