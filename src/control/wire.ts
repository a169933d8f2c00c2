/**
 * The form of the control protocol: one CBOR map in each binary WebSocket message. Requests carry a number that their
 * response repeats; what has none is a notification.
 */
import { Encoder } from 'cbor-x';
import { z } from 'zod';
import { eventSchema } from './messages.ts';

/** The largest message an engine takes, in bytes. */
export const largestRequest = 1 << 20;
/** The largest message a viewer takes, in bytes. */
export const largestResponse = 1 << 24;

const codec = new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: true });

/** What a viewer sends. */
export const requestSchema = z.object({
  id: z.int().min(0),
  request: z.string().max(64),
  params: z.unknown().optional(),
});

/** What an engine sends: a response or a notification. */
export const answerSchema = z.union([
  z.object({ id: z.int(), result: z.unknown() }),
  z.object({ id: z.int(), error: z.object({ message: z.string() }) }),
  z.object({ event: eventSchema }),
]);

/** What a viewer sends. */
export type RequestMessage = z.infer<typeof requestSchema>;
/** What an engine sends. */
export type AnswerMessage =
  | { id: number; result: unknown }
  | { id: number; error: { message: string } }
  | { event: object };

/** A message as bytes. */
export function encode(message: RequestMessage | AnswerMessage): Uint8Array {
  return codec.encode(message);
}

/** The value in a message; undefined where its bytes are no CBOR. Check it against a schema before use. */
export function decode(bytes: Uint8Array): unknown {
  try {
    return codec.decode(bytes);
  } catch {
    return undefined;
  }
}
