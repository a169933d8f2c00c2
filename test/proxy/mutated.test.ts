/**
 * Messages of real captures, damaged at random, through the relay and the decoder: nothing throws, and what comes out
 * of the relay and what it records are the bytes that went in. VHUSCOPE_MUTATIONS says how many, VHUSCOPE_SEED which.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { LineWriter } from '../../src/decode/text/line.ts';
import { decodeTree } from '../../src/decode/tree.ts';
import { close } from '../../src/sys/libc.ts';
import { shutDown } from '../../src/sys/socket.ts';
import { put, Stand, take } from './stand.ts';

const mutations = Number(process.env.VHUSCOPE_MUTATIONS ?? 20_000);
const perConnection = 100;
const captures = new URL('../../captures/', import.meta.url).pathname;

let seed = Number(process.env.VHUSCOPE_SEED ?? 1);
/** A number from 0 to below `end`; xorshift, so that a seed gives the same run again. */
function random(end: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % end;
}

const frames = readdirSync(captures)
  .filter(name => name.endsWith('.pcapng'))
  .flatMap(name => [...readCapture(captures + name)])
  .filter(({ kind, channel, dir, bytes }) => kind === 'message' && channel === 'main' && dir && bytes.length < 2000);

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A damaged copy. Mostly the framing stays sound, else a connection would be past its messages after the first. */
function mutated(bytes: Uint8Array): Buffer {
  let damaged = Buffer.from(bytes);
  for (let times = 1 + random(3); times > 0; times--) {
    const from = random(40) === 0 ? 0 : 12;
    const at = from + random(Math.max(1, damaged.length - from));
    if (random(2) === 0 && at < damaged.length) damaged[at] = random(256);
    else if (at + 4 <= damaged.length) damaged.writeUInt32LE(extremes[random(extremes.length)] as number, at);
    if (random(20) === 0) damaged.writeUInt32LE(random(50), 0);
    if (random(20) === 0) damaged.writeUInt32LE(1 | (random(4) << 2) | (random(8) << 4), 4);
    if (random(20) > 0) continue;
    damaged = Buffer.concat([damaged.subarray(0, 12 + random(damaged.length)), Buffer.alloc(random(30), random(256))]);
    damaged.writeUInt32LE(damaged.length - 12, 8);
  }
  return damaged;
}

const lines = new LineWriter();

/** Decodes it in every way; throws where that throws. */
function decodeAll(frame: Frame): void {
  decodeFrame(frame);
  decodeTree(frame.bytes, { ...frame, dir: frame.dir });
  lines.said(frame);
  lines.out.truncate(0);
}

/** One connection; for each direction what went in, what came out and what was recorded. */
function connection(stand: Stand): { sent: Buffer; got: Buffer; recorded: Buffer }[] {
  const { front, back } = stand.connect();
  const ends = [
    { from: front, to: back, sent: [] as Buffer[], got: [] as Buffer[] },
    { from: back, to: front, sent: [] as Buffer[], got: [] as Buffer[] },
  ];
  const move = (): void => {
    stand.settle();
    for (const { to, got } of ends) got.push(take(to).bytes);
  };
  for (let i = 0; i < perConnection; i++) {
    const frame = frames[random(frames.length)] as Frame;
    const bytes = mutated(frame.bytes);
    decodeAll({ ...frame, bytes, wireLength: bytes.length });
    const end = ends[frame.dir === 'front-to-back' ? 0 : 1] as (typeof ends)[number];
    put(end.from, bytes);
    end.sent.push(bytes);
    if (random(4) === 0) move();
  }
  for (const { from } of ends) shutDown(from, 'write');
  move();
  for (const { from } of ends) close(from);
  stand.settle();
  const records = stand.records().filter(({ header }) => header.kind !== 'event');
  return ends.map(({ sent, got }, i) => ({
    sent: Buffer.concat(sent),
    got: Buffer.concat(got),
    recorded: Buffer.concat(
      records.filter(({ header }) => header.dir === (i === 0 ? 'front-to-back' : 'back-to-front')).map(r => r.bytes),
    ),
  }));
}

describe('damaged messages', () => {
  it(`${mutations} of them`, { timeout: 24 * 3600_000 }, () => {
    expect(frames.length).toBeGreaterThan(100);
    const stand = new Stand({ keepSecrets: true });
    for (let done = 0; done < mutations; done += perConnection)
      for (const { sent, got, recorded } of connection(stand)) {
        if (!got.equals(sent)) expect(got.toString('hex'), `seed ${seed}, ${done}`).toBe(sent.toString('hex'));
        if (!recorded.equals(sent))
          expect(recorded.toString('hex'), `seed ${seed}, ${done}`).toBe(sent.toString('hex'));
      }
    expect(stand.reports.filter(({ type }) => type === 'internal-error')).toEqual([]);
    stand.close();
  });
});
