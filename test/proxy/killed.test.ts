/**
 * The engine is killed while messages pass, at a random moment: the capture opens, it has each message up to some
 * point, and nothing is missing that had been forwarded a while before. VHUSCOPE_KILLS says how many times; the while
 * is then 50 ms, which needs a quiet machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { message, u64 } from './stand.ts';

const kills = Number(process.env.VHUSCOPE_KILLS ?? 5);
/** Every so many captures are shown to tshark too, the first among them. */
const sample = 50;
const size = message(0, u64(0)).length;
const atOnce = 20;
/** A record that had been forwarded so long ago must be in the file. A busy machine may keep the recorder waiting. */
const olderThanMs = process.env.VHUSCOPE_KILLS === undefined ? 1000 : 50;

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-killed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A back-end that notes when each message arrived; messages are numbered from 0. */
class BackEnd {
  readonly arrivals: number[] = [];
  #bytes = 0;
  readonly server = createServer(socket => {
    socket.on('data', ({ length }) => {
      this.#bytes += length;
      for (const now = performance.now(); this.arrivals.length < Math.floor(this.#bytes / size); )
        this.arrivals.push(now);
    });
    socket.on('error', () => {});
  });

  async listen(path: string): Promise<void> {
    this.server.listen(path);
    await once(this.server, 'listening');
  }
}

/** Sends numbered messages as fast as they are taken. */
function pour(front: Socket): void {
  let next = 0;
  const more = (): void => {
    while (!front.destroyed) {
      const messages = Array.from({ length: atOnce }, () => message(9, u64(next++)));
      if (!front.write(Buffer.concat(messages))) break;
    }
  };
  front.on('error', () => {}).on('drain', more);
  more();
}

/** Numbers of the messages that the capture holds, in order. */
function recorded(path: string): number[] {
  const numbers: number[] = [];
  for (const { kind, bytes } of readCapture(path))
    if (kind === 'message') numbers.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true));
  return numbers;
}

/** How many whole blocks that hold a packet (type 6) a capture has. */
function wholePackets(path: string): number {
  const bytes = readFileSync(path);
  let packets = 0;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (at + length > bytes.length || bytes.readUInt32LE(at + length - 4) !== length) break;
    if (bytes.readUInt32LE(at) === 6) packets++;
    at += length;
  }
  return packets;
}

async function started(engine: ChildProcess): Promise<void> {
  await once(engine.stdout as NodeJS.ReadableStream, 'data');
}

async function killOnce(round: number): Promise<{ forwarded: number; missingMs: number }> {
  const at = (name: string) => join(folder, `${round}.${name}`);
  const backEnd = new BackEnd();
  await backEnd.listen(at('back'));
  const script = new URL('../../bench/relay-engine.mjs', import.meta.url).pathname;
  const engine = spawn(process.execPath, [script, at('front'), at('back'), at('pcapng')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await started(engine);
  const front = createConnection(at('front'));
  await once(front, 'connect');
  pour(front);
  while (backEnd.arrivals.length === 0) await sleep(1);
  await sleep(60 + Math.random() * 200);
  const ended = once(engine, 'exit');
  const killedAt = performance.now();
  engine.kill('SIGKILL');
  await ended;
  front.destroy();
  backEnd.server.close();

  const numbers = recorded(at('pcapng'));
  expect(numbers).toEqual(numbers.map((_, i) => i));
  const { arrivals } = backEnd;
  const due = arrivals.findIndex(when => when > killedAt - olderThanMs);
  expect(numbers.length).toBeGreaterThanOrEqual(due < 0 ? arrivals.length : due);
  if (round % sample === 0) {
    const listed = tsharkLines(at('pcapng'));
    if (listed !== undefined) expect(listed).toBe(wholePackets(at('pcapng')));
  }
  rmSync(at('pcapng'));
  const oldestMissing = arrivals[numbers.length];
  return { forwarded: arrivals.length, missingMs: oldestMissing === undefined ? 0 : killedAt - oldestMissing };
}

/** How many packets tshark lists; undefined where there is no tshark. It ends with 2 on a block that was cut. */
function tsharkLines(path: string): number | undefined {
  try {
    return execFileSync(
      'sh',
      [
        '-c',
        'command -v tshark >/dev/null && { tshark -r "$1" -T fields -e frame.number 2>/dev/null; true; }',
        'sh',
        path,
      ],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
    )
      .trim()
      .split('\n').length;
  } catch {
    return undefined;
  }
}

describe('an engine that is killed', () => {
  it(`leaves a capture that opens, ${kills} times`, { timeout: 24 * 3600_000 }, async () => {
    let forwarded = 0;
    let missingMs = 0;
    for (let round = 0; round < kills; round++) {
      const outcome = await killOnce(round);
      forwarded += outcome.forwarded;
      missingMs = Math.max(missingMs, outcome.missingMs);
    }
    if (kills > 5)
      console.log(`${forwarded} messages forwarded; the oldest that was missing: ${missingMs.toFixed(1)} ms`);
    expect(forwarded).toBeGreaterThan(kills);
  });
});
