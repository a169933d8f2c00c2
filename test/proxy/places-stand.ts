/**
 * A relay and one message with descriptors, in every place where messages pass: on each channel, in both directions, with
 * and without `--preserve-segments`. What the far side gets of it is compared as bytes and as objects.
 */
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Channel } from '../../src/decode/frame.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close, memfdCreate } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { objectOf, scratch } from './hold-stand.ts';
import { message, put, Stand, u64 } from './stand.ts';

/** A message that is treated, in the place where it passes. */
export interface Place {
  readonly channel: Channel;
  readonly dir: 'front-to-back' | 'back-to-front';
  readonly came: Buffer;
  /** A field of it, and the message with that field as 7. */
  readonly field: string;
  readonly set: Buffer;
  /** Another message in its direction, as a line and as bytes. */
  readonly line: string;
  readonly other: Buffer;
  /** What answers it, where it is a request. */
  readonly answer?: Buffer;
}

const state = (index: number, num: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(index, 0);
  bytes.writeUInt32LE(num, 4);
  return bytes;
};
const cursor = (x: number): Buffer => Buffer.concat([state(1, x), Buffer.alloc(4)]);

export const places: readonly Place[] = [
  {
    ...{ channel: 'main', dir: 'front-to-back', field: 'num' },
    ...{ came: message(8, state(1, 256)), set: message(8, state(1, 7)), answer: message(8, u64(1), 5) },
    ...{ line: 'F→B SET_VRING_NUM index=1 num=2', other: message(8, state(1, 2)) },
  },
  {
    ...{ channel: 'main', dir: 'back-to-front', field: 'num' },
    ...{ came: message(11, state(1, 256), 5), set: message(11, state(1, 7), 5) },
    ...{ line: 'F←B GET_VRING_BASE = index=1 num=2', other: message(11, state(1, 2), 5) },
  },
  {
    ...{ channel: 'backend-req', dir: 'back-to-front', field: 'num' },
    ...{ came: message(4, state(1, 256)), set: message(4, state(1, 7)), answer: message(4, u64(1), 5) },
    ...{ line: 'BACKEND_VRING_CALL index=1 num=2', other: message(4, state(1, 2)) },
  },
  {
    ...{ channel: 'backend-req', dir: 'front-to-back', field: 'result' },
    ...{ came: message(4, u64(256), 5), set: message(4, u64(7), 5) },
    ...{ line: 'BACKEND_VRING_CALL = 1', other: message(4, u64(1), 5) },
  },
  {
    ...{ channel: 'gpu', dir: 'back-to-front', field: 'x' },
    ...{ came: message(4, cursor(256), 0), set: message(4, cursor(7), 0), answer: message(4, u64(1), 4) },
    ...{ line: 'GPU_CURSOR_POS scanout_id=1 x=2 y=0', other: message(4, cursor(2), 0) },
  },
  {
    ...{ channel: 'gpu', dir: 'front-to-back', field: 'features' },
    ...{ came: message(1, u64(256), 4), set: message(1, u64(7), 4) },
    ...{ line: 'GPU_GET_PROTOCOL_FEATURES = 0x2', other: message(1, u64(2), 4) },
  },
];
/** Every place, with its name. */
export const cases = places.flatMap(place =>
  [false, true].map(preserveSegments => ({
    ...place,
    preserveSegments,
    name: `${place.channel} ${place.dir}${preserveSegments ? ', segments preserved' : ''}`,
  })),
);

export let stand: Stand;
const open: number[] = [];
const kept = (fd: number): number => {
  open.push(fd);
  return fd;
};
/** The sockets of the side that sends the messages, and of the side they are for. */
export let from: number;
export let to: number;
/** What goes with each message. */
export let objects: string[];
let fds: number[];

/** A relay with one connection whose channel is open; both ends of it. */
export function stage({ channel, dir, preserveSegments }: Place & { preserveSegments: boolean }): void {
  stand = new Stand({ preserveSegments });
  const peers = stand.connect();
  let [front, back] = [kept(peers.front), kept(peers.back)];
  if (channel !== 'main') {
    const [mine, passed] = socketPair();
    put(front, message(channel === 'gpu' ? 33 : 21), [passed]);
    close(passed);
    stand.settle();
    receive(back, scratch.address, 100);
    [front, back] = [kept(mine), kept(arrival.fds[0] as number)];
    stand.forgetRecords();
  }
  [from, to] = dir === 'front-to-back' ? [front, back] : [back, front];
  fds = [kept(memfdCreate('a', 1)), kept(createEventFd())];
  objects = fds.map(objectOf);
}

/** Sends the message in two pieces, its descriptors with the first. */
export function send({ came }: Place, behind: Buffer = Buffer.alloc(0)): void {
  put(from, came.subarray(0, 12), fds);
  stand.settle();
  put(from, Buffer.concat([came.subarray(12), behind]));
  stand.settle();
}

/** All that came out of a socket: bytes, and objects with the offset of the byte they came with. */
export function got(fd: number): { bytes: Buffer; fds: [number, ...string[]][]; end: 'open' | 'over' } {
  const all: ReturnType<typeof got> = { bytes: Buffer.alloc(0), fds: [], end: 'open' };
  for (;;) {
    const length = receive(fd, scratch.address, scratch.bytes.length);
    if (arrival.fds.length > 0) all.fds.push([all.bytes.length, ...arrival.fds.map(each => objectOf(kept(each)))]);
    if (length === 0) all.end = 'over';
    if (length <= 0) return all;
    all.bytes = Buffer.concat([all.bytes, scratch.bytes.subarray(0, length)]);
  }
}

/** What became of the message by its record. */
export function record() {
  const records = stand.records();
  const own = records.find(({ header }) => header.kind === 'message' && !header.injected);
  return { own, events: records.map(({ event }) => event?.event).filter(name => name !== undefined), records };
}

/** The far side got these bytes, with the message's own descriptors. */
export function arrives(bytes: Buffer): void {
  expect(got(to)).toEqual({ bytes, fds: [[0, ...objects]], end: 'open' });
}

/** The capture has the message as it came, and as it was sent where that is something else. */
export function recorded(came: Buffer, sent?: Buffer): void {
  const { own } = record();
  expect(own?.bytes).toEqual(came);
  expect(own?.header.fds.map(({ kind }) => kind)).toEqual(['memfd', 'eventfd']);
  expect(own?.header.sentBytes && Buffer.from(own.header.sentBytes)).toEqual(sent);
}

/** Holds for each test that no descriptor is left. */
export function leavingNothing(): void {
  let before: string[];
  beforeEach(() => {
    before = readdirSync('/proc/self/fd').sort();
  });
  afterEach(() => {
    for (const fd of open.splice(0)) close(fd);
    stand.close();
    expect(readdirSync('/proc/self/fd').sort()).toEqual(before);
  });
}

/** The sending side is gone. */
export function senderCloses(): void {
  close(open.splice(open.indexOf(from), 1)[0] as number);
}
