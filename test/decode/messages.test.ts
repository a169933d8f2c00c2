import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageSpec, messagesOf } from '../../src/decode/catalog.ts';
import type { Payload, Value } from '../../src/decode/decode.ts';
import { encodeMessage } from '../../src/decode/encode.ts';
import { channels, type Direction, dialects } from '../../src/decode/frame.ts';
import { Framer } from '../../src/decode/framer.ts';
import { requester } from '../../src/decode/header.ts';
import { decodeMessage, type Envelope, type Message } from '../../src/decode/message.ts';
import { samples } from '../../src/decode/sample.ts';
import { decodeTree, type TreeNode } from '../../src/decode/tree.ts';
import { bytesOf, type Row, rows } from './messages.table.ts';

const show = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function envelopeOf(row: Row, bigEndian = false): Envelope {
  const asked = requester(row.channel);
  const dir: Direction = (asked === 'front-to-back') === (row.reply !== true) ? 'front-to-back' : 'back-to-front';
  return {
    channel: row.channel,
    dir,
    context: { ...row.context, ...(bigEndian && { bigEndian }) },
    fdCount: row.fds ?? 0,
  };
}

/** The payload as the tree tells it. */
function payloadOf(nodes: readonly TreeNode[]): Payload {
  const payload: Payload = {};
  for (const node of nodes) {
    const value = nodeValue(node);
    if (value !== undefined) payload[node.name] = value;
  }
  return payload;
}

function nodeValue(node: TreeNode): Value | undefined {
  if (node.value !== undefined) return node.value;
  if (node.text !== '' || node.problem !== undefined) return undefined;
  if (node.children.length > 0 && node.children.every(child => /^\[\d+\]$/.test(child.name))) {
    return node.children
      .filter(child => child.problem === undefined && child.text === '')
      .map(child => payloadOf(child.children));
  }
  return node.children.length > 0 ? payloadOf(node.children) : [];
}

/** Every node lies in its message, and within its parent; fields follow each other without gap. */
function checkRanges(nodes: readonly TreeNode[], from: number, to: number): void {
  for (const node of nodes) {
    expect(node.offset).toBeGreaterThanOrEqual(from);
    expect(node.offset + node.length).toBeLessThanOrEqual(to);
    checkRanges(node.children, node.offset, node.offset + node.length);
  }
}

/** What must hold for any bytes taken as a message. */
function checkWhole(bytes: Uint8Array, envelope: Envelope): Message {
  const message = decodeMessage(bytes, envelope);
  const tree = decodeTree(bytes, envelope);
  expect(tree.message).toEqual(message);
  checkRanges(tree.nodes, 0, bytes.length);
  if (bytes.length < 12) return message;
  const fields = tree.nodes.slice(3).filter(node => node.name !== 'rest' || node.id !== '');
  expect(withoutEmptyGroups(payloadOf(fields))).toEqual(withoutEmptyGroups(message.payload));
  const { spec, struct, payload, rest, size } = message;
  const again = {
    ...envelope,
    ...(spec ? { spec } : { id: message.id }),
    reply: message.reply,
    struct,
    payload,
    rest,
    size,
  };
  const flags = tree.nodes[1]?.value as number;
  expect(show(encodeMessage({ ...again, flags, length: bytes.length - 12 }, envelope.context))).toBe(show(bytes));
  return message;
}

/** A group none of whose fields was there is as good as absent. */
function withoutEmptyGroups(payload: Payload): Payload {
  const isEmpty = (value: Value) =>
    typeof value === 'object' && value.constructor === Object && Object.keys(value).length === 0;
  return Object.fromEntries(Object.entries(payload).filter(([, value]) => !isEmpty(value)));
}

const named = rows.map(
  row => [`${row.name}${row.reply ? ' reply' : ''} of ${bytesOf(row.hex).length} bytes`, row] as const,
);

describe('the table of messages', () => {
  it('has every declared message and every declared reply', () => {
    const missing = channels.flatMap(channel =>
      messagesOf[channel].flatMap(spec => {
        if (spec.meant?.[0] === 'any' && spec.meant[1].length === 0) return [];
        const own = rows.filter(row => row.channel === channel && row.name === spec.name);
        const needs = [own.some(row => !row.reply) ? [] : [spec.name]];
        // The acknowledgements of numbers that several messages share cannot be told apart.
        const replies = spec.reply.shapes.length > 0 && !(spec.meant && spec.reply.when === 'ack');
        if (replies && !own.some(row => row.reply)) needs.push([`${spec.name} reply`]);
        return needs.flat();
      }),
    );
    expect(missing).toEqual([]);
  });

  it('names no message twice on a channel', () => {
    for (const channel of channels) {
      const names = messagesOf[channel].flatMap(spec => [spec.name, ...(spec.aliases ?? [])]);
      expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    }
  });

  it.each(named)('%s', (_, row) => {
    for (const bigEndian of row.bigEndian === undefined ? [false] : [false, true]) {
      const bytes = bytesOf((bigEndian ? row.bigEndian : row.hex) as string);
      const envelope = envelopeOf(row, bigEndian);
      const message = checkWhole(bytes, envelope);
      expect(message).toMatchObject({
        name: row.name,
        reply: row.reply === true,
        problems: [],
        cut: false,
        rest: undefined,
      });
      expect(message.payload).toEqual(row.payload);
      expect(message.size).toBe(bytes.length - 12);
      const { needReply, reply } = message;
      // Its two layouts have the same fields: only the size tells them apart.
      const length = row.name === 'CREATE_CRYPTO_SESSION' ? { length: message.size } : {};
      const named = { ...envelope, name: row.name, reply, needReply, payload: row.payload, ...length };
      expect(show(encodeMessage(named, envelope.context))).toBe(show(bytes));
    }
  });

  it.each(named)('%s, cut anywhere', (_, row) => {
    const bytes = bytesOf(row.hex);
    const envelope = envelopeOf(row);
    const ends = new Set([...Array(Math.min(bytes.length, 100)).keys(), ...sparse(bytes.length)]);
    for (const end of ends) {
      const ended = checkWhole(bytes.subarray(0, end), envelope);
      if (end < 12) expect(ended.name).toBe('TRUNCATED');
      const snapped = checkSnapped(bytes.subarray(0, end), { ...envelope, wireLength: bytes.length });
      if (end >= 12) expect(snapped).toMatchObject({ name: row.name, cut: true, problems: [] });
    }
  });

  it.each(named)('%s, byte by byte', (_, row) => {
    const bytes = bytesOf(row.hex);
    const framer = new Framer(row.channel);
    const found = Array.from(bytes, byte => framer.feed(Uint8Array.of(byte))).flat();
    expect(found.map(({ kind, offset }) => ({ kind, offset }))).toEqual([{ kind: 'message', offset: 0 }]);
    expect(show(found[0]?.bytes as Uint8Array)).toBe(show(bytes));
  });
});

/** What must hold where the recorder kept only the beginning. */
function checkSnapped(bytes: Uint8Array, envelope: Envelope): Message {
  checkRanges(decodeTree(bytes, envelope).nodes, 0, bytes.length);
  return decodeMessage(bytes, envelope);
}

/** A dozen places between the beginning and the end, and the last bytes. */
function* sparse(length: number): Generator<number> {
  const step = Math.max(97, Math.ceil(length / 12));
  for (let end = 100; end < length; end += step) yield end;
  for (let end = Math.max(100, length - 4); end < length; end++) yield end;
}

const anyContext = fc.record(
  {
    features: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    protocolFeatures: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
    device: fc.integer({ min: 0, max: 50 }),
    frontEnd: fc.constantFrom(...dialects.filter(one => one !== undefined)),
    backEnd: fc.constantFrom(...dialects.filter(one => one !== undefined)),
    bigEndian: fc.boolean(),
  },
  { requiredKeys: [] },
);
const anyEnvelope = fc.record({
  channel: fc.constantFrom(...channels),
  dir: fc.constantFrom<Direction>('front-to-back', 'back-to-front'),
  context: anyContext,
  fdCount: fc.integer({ min: 0, max: 9 }),
});
const made = samples(7);

describe('any bytes', () => {
  it('decode without throwing, to a tree that is equal, and back to themselves', () => {
    fc.assert(
      fc.property(anyEnvelope, fc.uint8Array({ maxLength: 200 }), (envelope, bytes) => {
        checkWhole(bytes, envelope);
      }),
      { numRuns: 400 },
    );
  });

  it('so do messages with bytes changed, cut off or added', () => {
    const change = fc.record({ at: fc.nat(300), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        fc.constantFrom(...made.filter(one => one.bytes.length < 2000)),
        fc.array(change, { maxLength: 4 }),
        fc.integer({ min: -40, max: 40 }),
        anyContext,
        ({ bytes, channel, dir, fdCount }, changes, more, context) => {
          const changed = new Uint8Array(Math.max(0, bytes.length + more));
          changed.set(bytes.subarray(0, changed.length));
          for (const { at, to } of changes) if (at < changed.length) changed[at] = to;
          checkWhole(changed, { channel, dir, context, fdCount });
        },
      ),
      { numRuns: 600 },
    );
  });
});

describe('made messages', () => {
  it.each([false, true])('decode to the values they were made of, big endian %s', bigEndian => {
    for (const seed of [1, 2, 3]) {
      for (const one of samples(seed, { bigEndian })) {
        const { channel, dir, spec, reply, struct, payload, fdCount, bytes } = one;
        const context = { bigEndian };
        const message = decodeMessage(bytes, { channel, dir, context, fdCount });
        // Some layouts are taken only in a context this test does not give.
        const facts = { context, size: bytes.length - 12, fdCount, first: 0, assumed: false };
        if (messageSpec(channel, spec.id, facts) !== spec || message.struct !== struct) continue;
        expect(message.problems, `${spec.name} ${reply}`).toEqual([]);
        expect(message.payload).toEqual(payload);
      }
    }
  });
});
