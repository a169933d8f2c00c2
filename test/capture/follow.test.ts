import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FollowOptions } from '../../src/capture/follow.ts';
import { followCapture } from '../../src/capture/follow.ts';
import { packetsOf } from '../../src/capture/packet.ts';
import { followingPath, rotatedPath } from '../../src/capture/rotation.ts';
import type { Piece } from '../../src/capture/section.ts';
import type { CaptureWriter } from '../../src/capture/writer.ts';
import { piece, writeCapture } from './frames.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-follow-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
let path = '';
beforeEach(() => {
  path = join(folder, `f${++files}.pcapng`);
});

function add(writer: CaptureWriter, ...pieces: Piece[]): void {
  for (const one of pieces)
    for (const { head, packet } of packetsOf(one, 0)) writer.packet(head, packet, 0, packet.length);
  writer.flush();
}

/** Follows a file and gives the numbers of the frames as they come. */
async function* numbers(options: FollowOptions = {}): AsyncGenerator<number, void> {
  for await (const batch of followCapture(path, options)) for (const frame of batch) yield frame.n;
}

async function take(from: AsyncGenerator<number, void>, count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) found.push((await from.next()).value as number);
  return found;
}

describe('following a capture', () => {
  it('gives records as they are written, and ends when nobody writes any more', async () => {
    const writer = writeCapture(path, [piece(1)]);
    writer.flush();
    const following = numbers();
    expect(await take(following, 1)).toEqual([1]);
    add(writer, piece(2), piece(3));
    expect(await take(following, 2)).toEqual([2, 3]);
    const next = following.next();
    add(writer, piece(4));
    expect(await next).toEqual({ value: 4, done: false });
    writer.close();
    expect(await following.next()).toEqual({ value: undefined, done: true });
  });

  it('waits for an empty file to be begun', async () => {
    writeFileSync(path, '');
    const following = numbers({ untilWriterIsGone: false });
    const first = following.next();
    const writer = writeCapture(path, [piece(1)]);
    writer.close();
    expect(await first).toEqual({ value: 1, done: false });
    await following.return();
  });

  it('goes on into the next files of a rotation, and not into a stale one', async () => {
    const second = rotatedPath(path, 2);
    const third = rotatedPath(path, 3);
    writeCapture(third, [piece(77, { captureId: 1n })]).close();
    const writer = writeCapture(path, [piece(1)]);
    writer.flush();
    const following = numbers();
    expect(await take(following, 1)).toEqual([1]);
    writer.rotate(second);
    add(writer, piece(2));
    expect(await take(following, 1)).toEqual([2]);
    add(writer, piece(3));
    expect(await take(following, 1)).toEqual([3]);
    writer.rotate(third);
    add(writer, piece(4));
    expect(await take(following, 1)).toEqual([4]);
    writer.close();
    expect((await following.next()).done).toBe(true);
  });

  it('goes on where a recording is begun anew in the same file', async () => {
    writeCapture(path, [piece(1), piece(2)]).close();
    const following = numbers({ untilWriterIsGone: false });
    expect(await take(following, 2)).toEqual([1, 2]);
    const anew = writeCapture(path, [piece(9, { captureId: 5n })]);
    anew.flush();
    expect(await take(following, 1)).toEqual([9]);
    anew.close();
    await following.return();
  });

  it('does not wait for ever for the rest of a message', async () => {
    const writer = writeCapture(path, [
      piece(1, { bytes: new Uint8Array(20), wireLength: 40 }),
      piece(2, { channel: 'gpu' }),
    ]);
    writer.flush();
    const following = numbers();
    expect(await take(following, 2)).toEqual([1, 2]);
    writer.close();
    await following.return();
  });

  it('gives what is there when it is ended, and tells of a torn end', async () => {
    const writer = writeCapture(path, [piece(1)]);
    writer.close();
    const stop = new AbortController();
    const problems: string[] = [];
    const following = numbers({ signal: stop.signal, onProblem: problem => problems.push(problem.message) });
    expect(await take(following, 1)).toEqual([1]);
    const next = following.next();
    writeFileSync(path, Buffer.from('0600000090000000', 'hex'), { flag: 'a' });
    stop.abort();
    expect((await next).done).toBe(true);
    expect(problems).toEqual([expect.stringContaining('cut here: the last 8 bytes')]);
  });

  it('finds the oldest file that is left where others were removed', async () => {
    const writer = writeCapture(path, [piece(1)]);
    writer.flush();
    const following = numbers();
    expect(await take(following, 1)).toEqual([1]);
    for (const n of [2, 3, 4]) {
      writer.rotate(rotatedPath(path, n));
      add(writer, piece(n));
    }
    rmSync(path);
    rmSync(rotatedPath(path, 2));
    expect(await take(following, 2)).toEqual([3, 4]);
    writer.close();
    expect((await following.next()).done).toBe(true);
  });
});

describe('the files of a rotation', () => {
  it.each([
    ['a.pcapng', 2, 'a.000002.pcapng'],
    ['a.000002.pcapng', 3, 'a.000003.pcapng'],
    ['a.000002.pcapng', 1, 'a.pcapng'],
    ['a.099998.pcapng', 99_999, 'a.099999.pcapng'],
    ['a.20241122.pcapng', 2, 'a.20241122.000002.pcapng'],
    ['x.y/capture', 2, 'x.y/capture.000002'],
    ['x.y/capture.000002', 3, 'x.y/capture.000003'],
    ['x/.hidden', 2, 'x/.hidden.000002'],
    ['vm.2024.pcapng', 2, 'vm.2024.000002.pcapng'],
  ])('of %s, number %i is %s', (from, number, to) => {
    expect(rotatedPath(from, number)).toBe(to);
  });

  it('follow only if they are there', () => {
    writeFileSync(path, '');
    expect(followingPath(path)).toBe(undefined);
    writeFileSync(rotatedPath(path, 2), '');
    expect(followingPath(path)).toBe(rotatedPath(path, 2));
    expect(followingPath(join(folder, 'missing', 'x'))).toBe(undefined);
  });

  it('over a gap only where the older files were removed', () => {
    writeFileSync(path, '');
    writeFileSync(rotatedPath(path, 3), '');
    // The oldest go first: as long as this one is there, the third is left over from another recording.
    expect(followingPath(path)).toBe(undefined);
    rmSync(path);
    expect(followingPath(path)).toBe(rotatedPath(path, 3));
  });
});
