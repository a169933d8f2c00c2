/** What an engine tells of itself: who it is, its pairs and its connections. */
import { z } from 'zod';
import type { DeviceSource } from '../decode/frame.ts';
import { side } from './terms.ts';

/** Who an engine is. */
export const helloSchema = z.object({
  /** `controlVersion` of the engine. */
  protocol: z.int(),
  name: z.string(),
  version: z.string(),
  pid: z.int(),
  /** The name under which what this viewer does is recorded. */
  you: z.string(),
});

/** How a side of a pair is reached. */
const roleSchema = z.object({ role: z.enum(['listen', 'connect', 'fd']), address: z.string() });

/** One pair of an engine. */
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

/** Who is at one end. */
const peerSchema = z.object({ pid: z.int(), program: z.string(), version: z.string().optional() });

/** One connection of a pair. */
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
export const statusSchema = z.object({
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
