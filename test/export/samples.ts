/**
 * A capture that holds everything there is: each declared message in each of its layouts, both byte orders, every
 * device type, records of every kind, descriptors of every kind, and bytes that are cut, surplus or unknown.
 */
import { packetsOf } from '../../src/capture/packet.ts';
import { pduTags } from '../../src/capture/pseudo-header.ts';
import type { Piece } from '../../src/capture/section.ts';
import { CaptureWriter } from '../../src/capture/writer.ts';
import { messagesOf } from '../../src/decode/catalog.ts';
import type { Payload, Value } from '../../src/decode/decode.ts';
import { encodeStruct } from '../../src/decode/encode.ts';
import type { Channel, Context, Direction, FdIdentity } from '../../src/decode/frame.ts';
import { channels, fdKinds } from '../../src/decode/frame.ts';
import { requester } from '../../src/decode/header.ts';
import type { MessageSpec, Variant } from '../../src/decode/message-spec.ts';
import type { NamedField, Struct } from '../../src/decode/schema.ts';
import { devices } from '../../src/decode/spec/devices/index.ts';
import { sampleEvents } from './sample-events.ts';

/** Numbers that look random and are the same in every run. */
export class Noise {
  #state: number;

  constructor(seed = 0x2545f491) {
    this.#state = seed;
  }

  next(below: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next(256));
  }

  bits(width: number): bigint {
    let value = 0n;
    for (let i = 0; i < width; i++) value |= BigInt(this.next(2)) << BigInt(i);
    return value;
  }
}

const everything = 0xffff_ffff_ffff_ffffn;
const contexts: readonly Context[] = [
  {},
  { features: 0n, protocolFeatures: 0n },
  { features: everything, protocolFeatures: everything, bigEndian: true },
  { features: 0x1_4000_0000n, protocolFeatures: 0x8n, frontEnd: 'qemu', backEnd: 'dpdk' },
];

/** Values for the fields of a struct, all of them set. */
function valuesFor(struct: Struct, noise: Noise): Payload {
  const values: Payload = {};
  const counts = new Set(struct.list.flatMap(field => (field.kind === 'array' ? [field.count] : [])));
  const lengths = new Set(struct.list.flatMap(field => ('length' in field ? [field.length] : [])));
  for (const field of struct.list) {
    if (counts.has(field.name) || lengths.has(field.name)) continue;
    Object.assign(values, sampleOf(field, noise));
  }
  return values;
}

function sampleOf(field: NamedField, noise: Noise): { [name: string]: Value } {
  switch (field.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
      return { [field.name]: noise.next(2 ** Number(field.kind.slice(1))) };
    case 'u64':
    case 'features':
      return { [field.name]: noise.bits(64) };
    case 'i64':
      return { [field.name]: BigInt.asIntN(64, noise.bits(64)) };
    case 'enum': {
      const declared = Object.values(field.values);
      const value = declared[noise.next(declared.length + 1)] ?? 0x7f;
      return { [field.name]: value };
    }
    case 'flags':
      return { [field.name]: noise.bits(field.size * 8) };
    case 'word':
      return Object.fromEntries(
        Object.entries(field.parts).map(([name, part]) => [
          name,
          part.width === 1 ? noise.next(2) === 1 : noise.bits(part.width),
        ]),
      );
    case 'pad':
      return noise.next(3) === 0 ? { [field.name]: noise.bytes(field.size) } : {};
    case 'bytes':
    case 'config':
      return { [field.name]: noise.bytes(typeof field.length === 'number' ? field.length : 40 + noise.next(20)) };
    case 'text':
      return { [field.name]: 'share "%s" é'.slice(0, field.length) };
    case 'uuid':
      return { [field.name]: '01234567-89ab-4cde-8f01-23456789abcd' };
    case 'mac':
      return { [field.name]: '52:54:00:12:34:56' };
    case 'table':
      return { [field.name]: Array.from({ length: field.count }, (_, i) => (i % 50 === 3 ? noise.bits(64) : 0)) };
    case 'group':
      return { [field.name]: valuesFor(field.of, noise) };
    case 'array': {
      const count = typeof field.count === 'number' ? field.count : 3;
      return { [field.name]: Array.from({ length: count }, () => valuesFor(field.of, noise)) };
    }
  }
}

function fdOf(i: number): FdIdentity {
  const kind = fdKinds[i % fdKinds.length] ?? 'unknown';
  return {
    kind,
    ...(i % 2 === 0 && { size: 0x2000_0000 + i }),
    ...(i % 3 === 0 && { dev: 2049, inode: 123456789 + i }),
    ...(i % 2 === 1 && { id: 77 + i }),
    ...(i % 4 === 0 && { seals: 0xb, name: `memfd:ram é ${i}` }),
    ...(i % 5 === 0 && { pageSize: 2 ** 21, sameIdAs: 4 }),
    ...(i % 7 !== 0 && { object: i, access: (['r', 'w', 'rw'] as const)[i % 3] as 'r' }),
  };
}

/** Collects pieces and gives them numbers, times and places. */
class Recording {
  readonly pieces: Piece[] = [];

  add(piece: Partial<Piece> & { bytes: Uint8Array }): Piece {
    const n = this.pieces.length + 1;
    const made: Piece = {
      n,
      kind: 'message',
      captureId: 0x1122_3344_5566_7788n,
      pair: 'sample',
      channel: 'main',
      session: 1,
      epoch: 1 + (n % 3),
      wallNs: 1_700_000_000_000_000_000n + BigInt(n) * 1_234_567n,
      receivedNs: (1n << 54n) + BigInt(n) * 1_000_003n,
      sentNs: (1n << 54n) + BigInt(n) * 1_000_003n + 40_000n,
      wireLength: piece.bytes.length,
      offset: n * 100,
      fds: [],
      context: {},
      ...piece,
    };
    this.pieces.push(made);
    return made;
  }
}

function headed(id: number, flags: number, payload: Uint8Array, bigEndian = false, size = payload.length): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length);
  const view = new DataView(bytes.buffer);
  [id, flags, size].forEach((word, i) => void view.setUint32(i * 4, word, !bigEndian));
  bytes.set(payload, 12);
  return bytes;
}

const other = (dir: Direction): Direction => (dir === 'front-to-back' ? 'back-to-front' : 'front-to-back');

function addMessages(recording: Recording, noise: Noise): void {
  for (const channel of channels) {
    for (const spec of messagesOf[channel]) {
      for (const context of contexts) addExchange(recording, noise, channel, spec, context);
    }
  }
}

function addExchange(recording: Recording, noise: Noise, channel: Channel, spec: MessageSpec, context: Context): void {
  const asks = requester(channel);
  const version = channel === 'gpu' ? 0 : 1;
  const variants: readonly Variant[] =
    'list' in spec.payload ? [{ payload: spec.payload as Struct }] : (spec.payload as Variant[]);
  let request: Piece | undefined;
  const device = devices[noise.next(devices.length + 1)]?.id;
  const known = device === undefined ? context : { ...context, device };
  for (const { payload } of variants) {
    const bytes = encodeStruct(payload, valuesFor(payload, noise), context);
    const flags = version | (noise.next(2) === 1 && channel !== 'gpu' ? 8 : 0);
    request = recording.add({
      channel,
      dir: asks,
      context: known,
      bytes: headed(spec.id, flags, bytes, context.bigEndian),
      fds: Array.from({ length: noise.next(4) }, (_, i) => fdOf(i + noise.next(20))),
    });
  }
  for (const { payload } of spec.reply.shapes) {
    recording.add({
      channel,
      dir: other(asks),
      context: known,
      bytes: headed(spec.id, version | 4, encodeStruct(payload, valuesFor(payload, noise), context), context.bigEndian),
      reply: true,
      ...(request && { answers: request.n }),
    });
  }
}

/** Bytes that no layout fits. */
function addOddities(recording: Recording, noise: Noise): void {
  const front = { channel: 'main', dir: 'front-to-back' } as const;
  for (const payload of [0, 1, 7, 9, 12, 39, 41, 300]) {
    for (const id of [2, 5, 9, 12, 24, 26, 37, 44]) {
      recording.add({ ...front, bytes: headed(id, 1, noise.bytes(payload)) });
    }
  }
  for (const device of devices) {
    recording.add({
      ...front,
      context: { device: device.id, features: 0n },
      bytes: headed(2, 1, Uint8Array.from([255, 255, 255, 255, 255, 255, 255, 255])),
    });
  }
  recording.add({ channel: 'backend-req', dir: 'back-to-front', bytes: headed(12, 1, noise.bytes(2)) });
  recording.add({ ...front, bytes: headed(999, 0xfff1, noise.bytes(20)) });
  recording.add({ ...front, channel: 'gpu', bytes: headed(99, 0x5, noise.bytes(3)) });
  recording.add({ ...front, bytes: headed(0, 2, noise.bytes(0)), dir: 'back-to-front' });
  recording.add({ ...front, bytes: headed(5, 1, Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), false, 8) });
  recording.add({ ...front, bytes: noise.bytes(5) });
  recording.add({ ...front, bytes: new Uint8Array(0), wireLength: 0 });
  const table = headed(5, 1, Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, ...noise.bytes(64)]));
  for (let kept = 0; kept < table.length; kept += 3) {
    recording.add({ ...front, bytes: table.subarray(0, kept), wireLength: table.length, snapped: true });
  }
}

function addOtherKinds(recording: Recording, noise: Noise): void {
  const text = (value: unknown): Uint8Array =>
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  const front = { channel: 'main', dir: 'front-to-back' } as const;
  const bytes = headed(8, 1, noise.bytes(8));
  recording.add({ kind: 'raw', channel: 'main', dir: 'back-to-front', bytes: noise.bytes(100) });
  const connected = {
    event: 'connected',
    front_end: { pid: 12, comm: 'qemu "x" \\ é \u{1f600}' },
    list: [1, [true, null], {}],
  };
  recording.add({ kind: 'event', bytes: text(connected) });
  recording.add({
    kind: 'event',
    dir: 'front-to-back',
    bytes: text({ event: 'closed', how: 'eof', first: 'front-end', undelivered_bytes: 0 }),
  });
  recording.add({ kind: 'event', bytes: text('{"event": "cut') });
  recording.add({
    kind: 'finding',
    bytes: text({ rule: 'ring-size', severity: 'error', message: 'm', records: [1, 2] }),
  });
  recording.add({ ...front, bytes, sentBytes: noise.bytes(20), sentLength: 4000, heldNs: 123_456_789_012n });
  recording.add({ ...front, bytes, sentBytes: new Uint8Array(0), sentNs: 0n });
  recording.add({ ...front, bytes, injected: true, masked: true, ctrunc: true, carried: true });
  recording.add({
    ...front,
    bytes,
    seg: [1, 11, 8],
    fdAt: 12,
    fds: Array.from({ length: 30 }, (_, i) => fdOf(i)),
    fdCount: 40,
  });
  recording.add({ channel: 'gpu', dir: 'back-to-front', bytes: headed(8, 0, noise.bytes(20 + 600_000)) });
  for (const body of sampleEvents(below => noise.next(below))) recording.add({ kind: 'event', bytes: text(body) });
}

/** The records, one of each. */
export function samplePieces(): Piece[] {
  const noise = new Noise();
  const recording = new Recording();
  addMessages(recording, noise);
  addOddities(recording, noise);
  addOtherKinds(recording, noise);
  return recording.pieces;
}

/** Writes records as a capture file; `change` may do what it likes to the bytes of a packet behind its tags. */
export function writePieces(path: string, pieces: readonly Piece[], change?: (bytes: Uint8Array) => void): void {
  const writer = new CaptureWriter(path);
  const interfaces = channels.map(channel => writer.addInterface(`sample/${channel}`));
  for (const piece of pieces) {
    for (const { head, packet } of packetsOf(piece, interfaces[channels.indexOf(piece.channel)] as number)) {
      change?.(packet.subarray(pduTags.length));
      writer.packet(head, packet, 0, packet.length);
    }
  }
  writer.close();
}
