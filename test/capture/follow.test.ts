import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { FollowOptions } from '../../src/capture/follow.ts';
import { followCapture } from '../../src/capture/follow.ts';
import { packetsOf } from '../../src/capture/packet.ts';
import { nextPath, rotatedPath } from '../../src/capture/rotation.ts';
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
    const second = nextPath(path);
    const third = nextPath(second);
    expect([second, third]).toEqual([rotatedPath(path, 2), rotatedPath(path, 3)]);
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

  it.each([
    ['a.pcapng', 'a.00002.pcapng'],
    ['a.00002.pcapng', 'a.00003.pcapng'],
    ['a.99999.pcapng', 'a.100000.pcapng'],
    ['x.y/capture', 'x.y/capture.00002'],
    ['x/.hidden', 'x/.hidden.00002'],
    ['vm.2024.pcapng', 'vm.2024.00002.pcapng'],
  ])('%s goes on in %s', (from, to) => {
    expect(nextPath(from)).toBe(to);
  });
});
