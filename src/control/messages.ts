/**
 * What a viewer can ask a running engine, declared once: the server checks what comes in with these schemas, the
 * client and its users take their types from them, and docs/control.md tells them in prose.
 */
import { z } from 'zod';
import { helloSchema, statusSchema } from './status.ts';
import { changeSchema, fdsSchema, heldSchema, obeyedSchema, ruleSchema } from './stepping.ts';
import { channel, direction, recordNumber } from './terms.ts';

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
  rotate: request(
    'has the recording go on in a new file, which can be read without the one before',
    nothing,
    z.object({
      /** The file that is finished now, and the one that has begun; absolute. */
      from: z.string(),
      to: z.string(),
    }),
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
