import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { packetsOf } from '../../src/capture/packet.ts';
import { rotatedPath } from '../../src/capture/rotation.ts';
import type { Piece } from '../../src/capture/section.ts';
import type { CaptureWriter } from '../../src/capture/writer.ts';
import { TraceReader } from '../../src/trace/reading.ts';
import type { Row } from '../../src/trace/row.ts';
import { Trace } from '../../src/trace/trace.ts';
import { piece, writeCapture } from '../capture/frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
let path = '';
beforeEach(() => {
  path = join(folder, `t${++files}.pcapng`);
});

/** Header and payload of a message. */
function message(id: number, flags: number, ...payload: number[]): Uint8Array {
  const bytes = new Uint8Array(12 + payload.length * 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id, true);
  view.setUint32(4, flags, true);
  view.setUint32(8, payload.length * 8, true);
  payload.forEach((value, i) => {
    view.setBigUint64(12 + i * 8, BigInt(value), true);
  });
  return bytes;
}

const back = 'back-to-front' as const;
/** GET_FEATURES and SET_OWNER, the answer, an event, SET_VRING_CALL with the eventfd of record 6. */
const talk: Piece[] = [
  piece(1, { bytes: message(1, 1), receivedNs: 1000n, sentNs: 1500n }),
  piece(2, { bytes: message(3, 1), receivedNs: 2000n, sentNs: 2500n }),
  piece(3, {
    bytes: message(1, 5, 0x1_4000_0000),
    dir: back,
    reply: true,
    answers: 1,
    receivedNs: 4500n,
    sentNs: 5000n,
  }),
  piece(4, { kind: 'event', bytes: new TextEncoder().encode('{"event":"note"}') }),
  piece(5, { bytes: message(13, 1, 0), fds: [{ kind: 'eventfd', id: 7, object: 3 }] }),
  piece(6, {
    bytes: message(13, 1, 1),
    fds: [
      { kind: 'eventfd', id: 8, object: 4 },
      { kind: 'eventfd', id: 7, object: 3 },
    ],
  }),
];

/** What tells a row: number, name, latency. */
const told = ({ frame, message, latencyNs }: Row): unknown[] => [frame.n, message?.name, latencyNs];
const asTold = [
  [1, 'GET_FEATURES', undefined],
  [2, 'SET_OWNER', undefined],
  [3, 'GET_FEATURES', 3000],
  [4, undefined, undefined],
  [5, 'SET_VRING_CALL', undefined],
  [6, 'SET_VRING_CALL', undefined],
];

function add(writer: CaptureWriter, ...pieces: Piece[]): void {
  for (const one of pieces)
    for (const { head, packet } of packetsOf(one, 0)) writer.packet(head, packet, 0, packet.length);
  writer.flush();
}

function opened(...paths: string[]): Trace {
  const trace = Trace.open(paths);
  while (trace.advance(3));
  return trace;
}

/** All rows of files that are read one after the other. */
function read(...paths: string[]): Row[] {
  const reader = new TraceReader();
  return paths.flatMap(one => {
    const file = reader.open(one);
    const rows = [...file.rows()].flat();
    expect(file.problems).toEqual([]);
    file.close();
    return rows;
  });
}

/** The talk over two files; the second repeats the first record. */
function rotated(): [string, string] {
  const second = rotatedPath(path, 2);
  const writer = writeCapture(path, talk.slice(0, 2));
  const [first] = packetsOf(talk[0] as Piece, 0);
  writer.rotate(second, first ? [first] : []);
  add(writer, ...talk.slice(2));
  writer.close();
  return [path, second];
}

describe('a trace', () => {
  it('understands records: message, time since the first, latency', () => {
    writeCapture(path, talk).close();
    const trace = opened(path);
    expect(trace.length).toBe(6);
    expect(trace.rows(0, 100).map(told)).toEqual(asTold);
    expect([...trace.iterate(2)].map(told)).toEqual(asTold.slice(2));
    expect(trace.row(5).sinceFirstNs).toBe(5);
    expect(trace.problems).toEqual([]);
    expect(trace.progress().done).toBe(trace.progress().size);
    expect(() => trace.row(6)).toThrow(RangeError);
    trace.close();
  });

  it('reads the same from front to back', () => {
    writeCapture(path, talk).close();
    const rows = read(path);
    expect(rows.map(told)).toEqual(asTold);
    expect(rows[5]?.sinceFirstNs).toBe(5);
  });

  it('joins the files of a rotation, without the records that are repeated', () => {
    const paths = rotated();
    expect(read(...paths).map(told)).toEqual(asTold);
    const trace = opened(...paths);
    expect(trace.rows(0, 100).map(told)).toEqual(asTold);
    expect([trace.rowOf(1), trace.rowOf(3), trace.rowOf(6), trace.rowOf(7)]).toEqual([0, 2, 5, -1]);
    expect([trace.replyTo(0), trace.requestOf(2), trace.replyTo(1), trace.requestOf(0)]).toEqual([2, 0, -1, -1]);
    trace.close();
  });

  it('shows what a rotated file repeats where the earlier file is not there', () => {
    const [, second] = rotated();
    const trace = opened(second);
    expect(trace.rows(0, 100).map(told)).toEqual([asTold[0], [3, 'GET_FEATURES', 3000], ...asTold.slice(3)]);
    expect(trace.frame(0).carried).toBe(true);
    expect(trace.row(1).sinceFirstNs).toBe(0);
    trace.close();
  });

  it('finds records by number, replies, requests and the passings of an object', () => {
    writeCapture(path, [...talk, piece(2, { captureId: 5n }), piece(3, { captureId: 5n, answers: 2 })]).close();
    const trace = opened(path);
    expect([trace.rowOf(3), trace.rowOf(3, 5n), trace.rowOf(3, 6n)]).toEqual([2, 7, -1]);
    expect([trace.replyTo(0), trace.replyTo(1), trace.replyTo(6)]).toEqual([2, -1, 7]);
    expect([trace.requestOf(2), trace.requestOf(7)]).toEqual([0, 6]);
    expect(trace.passingsOf(3, 99n)).toEqual([4, 5]);
    expect(trace.passingsOf(3, 5n)).toEqual([]);
    expect(trace.tail(2).map(({ n }) => n)).toEqual([2, 3]);
    trace.close();
  });

  it('grows with its files', async () => {
    const writer = writeCapture(path, talk.slice(0, 1));
    writer.flush();
    const trace = Trace.open(path);
    const stop = new AbortController();
    const growing = trace.follow(stop.signal);
    const until = async (length: number): Promise<void> => {
      while (trace.length < length) await growing.next();
    };
    await until(1);
    add(writer, ...talk.slice(1, 3));
    await until(3);
    const [first] = packetsOf(talk[0] as Piece, 0);
    writer.rotate(rotatedPath(path, 2), first ? [first] : []);
    add(writer, ...talk.slice(3));
    await until(6);
    expect(trace.rows(0, 100).map(told)).toEqual(asTold);
    stop.abort();
    expect((await growing.next()).done).toBe(true);
    writer.close();
    trace.close();
  });

  it('follows as rows', async () => {
    const writer = writeCapture(path, talk.slice(0, 2));
    writer.flush();
    const rows: Row[] = [];
    for await (const batch of new TraceReader().follow(path)) {
      rows.push(...batch);
      if (rows.length === 2) add(writer, ...talk.slice(2));
      if (rows.length === 6) break;
    }
    writer.close();
    expect(rows.map(told)).toEqual(asTold);
  });

  it('closes what it opened where one file cannot be opened', () => {
    writeCapture(path, talk).close();
    expect(() => Trace.open([path, join(folder, 'none')])).toThrow(/cannot read .*none: there is no such file/);
  });
});
