/**
 * Messages made from the declaration alone: sensible values for every field, chosen by a number, so that the same
 * number always gives the same message. For test files, fuzzing and trying things out; never evidence of what a peer
 * sends.
 */
import { messagesOf, variantsOf } from './catalog.ts';
import { holds } from './condition.ts';
import { fixedSize, type Payload, type Value } from './decode.ts';
import { encodeMessage } from './encode.ts';
import type { Channel, Context, Direction } from './frame.ts';
import { requester } from './header.ts';
import type { FdRule, MessageSpec } from './message-spec.ts';
import type { NamedField, Struct } from './schema.ts';
import { normalU64 } from './u64.ts';

/** A made message. */
export interface Sample {
  readonly channel: Channel;
  readonly dir: Direction;
  readonly spec: MessageSpec;
  readonly reply: boolean;
  readonly struct: Struct;
  readonly payload: Payload;
  readonly fdCount: number;
  readonly bytes: Uint8Array;
}

/** One sample of every layout of every message, requests and replies. */
export function samples(seed = 1, context: Context = {}): Sample[] {
  const made: Sample[] = [];
  for (const channel of ['main', 'backend-req', 'gpu'] as const) {
    for (const spec of messagesOf[channel]) {
      for (const reply of [false, true]) {
        for (const variant of variantsOf(spec, reply)) {
          made.push(sample(channel, spec, reply, variant.payload, seed + made.length, context));
        }
      }
    }
  }
  return made;
}

/** Makes a message of one layout. */
export function sample(
  channel: Channel,
  spec: MessageSpec,
  reply: boolean,
  struct: Struct,
  seed: number,
  context: Context = {},
): Sample {
  const random = numbers(seed);
  const payload = samplePayload(struct, random, context);
  const asked = requester(channel);
  const dir: Direction = reply === (asked === 'back-to-front') ? 'front-to-back' : 'back-to-front';
  const rule: FdRule | undefined = reply ? spec.reply.shapes.find(shape => shape.payload === struct)?.fds : spec.fds;
  const fdCount = rule ? fdsFor(rule, payload) : 0;
  const needReply = !reply && channel !== 'gpu' && spec.reply.when === 'ack' && random() < 0.5;
  const bytes = encodeMessage({ channel, dir, spec, reply, needReply, struct, payload, fdCount }, context);
  return { channel, dir, spec, reply, struct, payload, fdCount, bytes };
}

/** Values for the fields a layout has in a context. `random` gives numbers from 0 up to but not including 1. */
function samplePayload(struct: Struct, random: () => number, context: Context = {}): Payload {
  const payload: Payload = {};
  const facts = { context, size: Number.NaN, fdCount: 0, first: 0, assumed: false };
  const below = (n: number) => Math.floor(random() * n);
  for (const field of struct.list) {
    if (field.when !== undefined && !holds(field.when, facts)) continue;
    const counts = struct.list.some(other => other.kind === 'array' && other.count === field.name);
    const measures = struct.list.some(other => 'length' in other && other.length === field.name);
    if (field.kind === 'word') {
      for (const [name, part] of Object.entries(field.parts)) {
        payload[name] = part.width === 1 ? random() < 0.5 : below(2 ** Math.min(part.width, 31));
      }
    } else if (counts) payload[field.name] = 1 + below(3);
    else if (measures) payload[field.name] = below(64);
    else {
      const value = sampleValue(field, payload, random);
      if (value !== undefined) payload[field.name] = value;
    }
  }
  return payload;
}

function sampleValue(field: NamedField, payload: Payload, random: () => number): Value | undefined {
  const below = (n: number) => Math.floor(random() * n);
  switch (field.kind) {
    case 'pad':
      return undefined;
    case 'group':
      return samplePayload(field.of, random);
    case 'array': {
      const count = typeof field.count === 'number' ? field.count : Number(payload[field.count]);
      return Array.from({ length: count }, () => samplePayload(field.of, random));
    }
    case 'table':
      return Array.from({ length: field.count }, (_, i) => (i < 3 ? below(2 ** 31) : 0));
    case 'enum':
      return Object.values(field.values)[below(Object.keys(field.values).length)] ?? 0;
    case 'flags':
      return Object.values(field.bits).reduce((mask, bit) => (random() < 0.5 ? mask + 2 ** bit : mask), 0);
    case 'bytes':
    case 'config': {
      const { length } = field;
      const size = typeof length === 'number' ? length : length === 'rest' ? below(32) : Number(payload[length]);
      return Uint8Array.from({ length: size }, () => below(256));
    }
    case 'text':
      return 'sample'.slice(0, field.length);
    case 'uuid':
      return `${hexDigits(8, below)}-${hexDigits(4, below)}-4${hexDigits(3, below)}-8${hexDigits(3, below)}-${hexDigits(12, below)}`;
    case 'mac':
      return `52:54:00:${hexDigits(2, below)}:${hexDigits(2, below)}:${hexDigits(2, below)}`;
    case 'i64':
      return below(2 ** 31) - 2 ** 30;
    default: {
      const size = fixedSize(field) ?? 8;
      if (size < 8) return below(2 ** (size * 8));
      return normalU64((BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32)));
    }
  }
}

function hexDigits(count: number, below: (n: number) => number): string {
  return Array.from({ length: count }, () => below(16).toString(16)).join('');
}

function fdsFor({ count }: FdRule, payload: Payload): number {
  switch (count[0]) {
    case 'none':
      return 0;
    case 'exactly':
    case 'up-to':
      return count[1];
    case 'per':
      return (payload[count[1]] as Value[]).length;
    case 'unless':
      return payload[count[1]] === true ? 0 : 1;
    case 'if':
      return payload[count[1]] === 0 ? 0 : 1;
    case 'when':
      return count[2];
  }
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
