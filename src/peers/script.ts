/**
 * What a simulated peer does, as data: a list of steps that can be composed, kept and sent to a worker.
 *
 * A step names messages as the specification does. What it leaves out is filled in from the peer's traits and from
 * what has been negotiated (see requests.ts), so that `send('SET_VRING_ADDR', { index: 0 })` is a legal message, and
 * a script says only what is particular.
 */
import type { Payload } from '../decode/decode.ts';
import type { Channel } from '../decode/frame.ts';
import type { Cond } from '../decode/schema.ts';

/** A descriptor to send, by what it is. The same name stands for the same object for as long as the peer lives. */
export type FdSpec =
  /** Memory of that many bytes: a sealed memfd. */
  | { readonly memory: string; readonly bytes: number }
  | { readonly event: string }
  /** The far end of a new socket pair; the near end becomes that channel of this connection. */
  | { readonly channel: Exclude<Channel, 'main'> }
  /** One end of a pipe; the other end stays here under the same name. */
  | { readonly pipe: string; readonly end: 'read' | 'write' }
  /** A userfaultfd, which watches no memory; none where a sandbox forbids it. */
  | { readonly userfault: string }
  /** The descriptor that an earlier message of this connection carried, by its number in the peer's log. */
  | { readonly record: number; readonly at: number };

/** How a request differs from the plain one. */
export interface SendOptions {
  /** The channel, where it is not the one on which the message is declared first. */
  readonly channel?: Channel;
  readonly fds?: readonly FdSpec[];
  /** Asks for an acknowledgement, or does not, whatever the peer's habit is. */
  readonly needReply?: boolean;
  /** Goes on at once instead of waiting for the reply. */
  readonly pipelined?: boolean;
  /** The reply may say that it failed. */
  readonly mayFail?: boolean;
  /** The reply may never come: the script goes on when the patience is over. */
  readonly mayStaySilent?: boolean;
  /** Bytes after the fields of the payload. */
  readonly rest?: Uint8Array;
  /** The whole flags word. */
  readonly flags?: number;
  /** The size in the header, instead of the true one. */
  readonly size?: number;
  /** Cuts the payload to that many bytes, or fills it up with zeros. */
  readonly length?: number;
  /** Sends the message in pieces of these many bytes, the rest last. */
  readonly pieces?: readonly number[];
  /** Milliseconds between the pieces, so that the other side reads each by itself. */
  readonly pause?: number;
  /** Which of the pieces carries the descriptors; 0, the first, is what the specification wants. */
  readonly fdsWith?: number;
}

/** One step. */
export type Step =
  /** Sends a request and waits for its reply where the declaration says that there is one. */
  | { readonly do: 'send'; readonly message: string; readonly payload: Payload; readonly options: SendOptions }
  /** Sends bytes as they are. */
  | { readonly do: 'raw'; readonly bytes: Uint8Array; readonly channel: Channel; readonly fds: readonly FdSpec[] }
  /** Goes on once the other side has sent that request and it was answered; requests count once each. */
  | { readonly do: 'expect'; readonly message: string }
  /** Goes on once a channel was closed by the other side. */
  | { readonly do: 'closed'; readonly channel: Channel }
  /** Puts a chain of buffers into a ring, kicks, and waits until it was used; the written bytes are an answer. */
  | {
      readonly do: 'transfer';
      readonly ring: number;
      /** Buffers for the device to read. */
      readonly out: readonly Uint8Array[];
      /** Sizes of the buffers for the device to write, bytes. */
      readonly in: readonly number[];
    }
  /** Signals an eventfd that this peer has made. */
  | { readonly do: 'signal'; readonly event: string }
  /** Writes bytes into a pipe that this peer has made and closes both of its ends. */
  | { readonly do: 'feed'; readonly pipe: string; readonly bytes: Uint8Array }
  /** Reads a pipe that this peer has made up to its end; the bytes are an answer. */
  | { readonly do: 'drain'; readonly pipe: string }
  /** Reads memory that this peer has made, from its start; the bytes are an answer. */
  | { readonly do: 'peek'; readonly memory: string; readonly bytes: number }
  | { readonly do: 'wait'; readonly ms: number }
  /** Notes how many messages there have been, under a name, in the account of the connection. */
  | { readonly do: 'mark'; readonly name: string }
  /** Closes a channel, or shuts down one direction of it. */
  | { readonly do: 'close'; readonly channel: Channel; readonly how: 'close' | 'write' | 'read' | 'both' }
  /** Steps that depend on what was negotiated; what is not yet acknowledged counts as what is on offer. */
  | { readonly do: 'when'; readonly cond: Cond; readonly steps: Script; readonly otherwise: Script };

/** Steps in order. */
export type Script = readonly Step[];

/** Joins steps and scripts to one script. */
export function script(...parts: readonly (Step | Script)[]): Script {
  return parts.flatMap(part => part as Step);
}

/** Sends a request, also `UNKNOWN(n)`; fields left out are filled in. */
export function send(message: string, payload: Payload = {}, options: SendOptions = {}): Step {
  return { do: 'send', message, payload, options };
}

/** Sends bytes that need not be a message. */
export function raw(bytes: Uint8Array, channel: Channel = 'main', fds: readonly FdSpec[] = []): Step {
  return { do: 'raw', bytes, channel, fds };
}

/** Waits until the other side has sent that request. */
export function expect(message: string): Step {
  return { do: 'expect', message };
}

/** Waits until the other side has closed a channel. */
export function untilClosed(channel: Channel = 'main'): Step {
  return { do: 'closed', channel };
}

/** One request through a ring. */
export function transfer(ring: number, out: readonly Uint8Array[], into: readonly number[]): Step {
  return { do: 'transfer', ring, out, in: into };
}

/** Signals an eventfd. */
export function signal(event: string): Step {
  return { do: 'signal', event };
}

/** Writes bytes into a pipe whose other end was sent away. */
export function feed(pipe: string, bytes: Uint8Array): Step {
  return { do: 'feed', pipe, bytes };
}

/** Reads a pipe whose other end was sent away, up to its end. */
export function drain(pipe: string): Step {
  return { do: 'drain', pipe };
}

/** Reads the first bytes of memory that this peer has made. */
export function peek(memory: string, bytes: number): Step {
  return { do: 'peek', memory, bytes };
}

/** Does nothing for a while, apart from answering. */
export function wait(ms: number): Step {
  return { do: 'wait', ms };
}

/** Notes how far the connection has come. */
export function mark(name: string): Step {
  return { do: 'mark', name };
}

/** Closes a channel, or shuts down one direction of it. */
export function close(channel: Channel = 'main', how: 'close' | 'write' | 'read' | 'both' = 'close'): Step {
  return { do: 'close', channel, how };
}

/** Steps that are taken only if a condition of the declaration language holds. */
export function when(cond: Cond, steps: Step | Script, otherwise: Step | Script = []): Step {
  return { do: 'when', cond, steps: script(steps), otherwise: script(otherwise) };
}

/** One script for each of the rings 0 … count-1. */
export function perRing(count: number, each: (index: number) => Step | Script): Script {
  return script(...Array.from({ length: count }, (_, index) => each(index)));
}
