import { afterAll, expect, it, vi } from 'vitest';
import { Repetition } from '../../src/proxy/repetition.ts';

const decoded = vi.hoisted(() => ({ count: 0 }));
vi.mock('../../src/decode/message.ts', async original => {
  const real = await original<typeof import('../../src/decode/message.ts')>();
  const decodeMessage: typeof real.decodeMessage = (...args) => {
    decoded.count++;
    return real.decodeMessage(...args);
  };
  return { ...real, decodeMessage };
});
// Other files have loaded the modules before, with the function as it is.
vi.resetModules();
afterAll(() => void vi.resetModules());
const { close } = await import('../../src/sys/libc.ts');
const { message, put, Stand, u64 } = await import('./stand.ts');

const context = {};
const known = { device: 2 };

it('only the same bytes in the same context are a repetition of the message before', () => {
  const repetition = new Repetition();
  const memory = Buffer.alloc(300, 0xff);
  const repeats = (bytes: Uint8Array, at = context): boolean => {
    memory.set(bytes);
    return repetition.repeats(memory, bytes.length, at);
  };
  const long = message(24, Buffer.alloc(200, 7));
  expect([message(1), message(1), message(1, u64(1), 5), message(1, u64(1), 5)].map(each => repeats(each))).toEqual([
    ...[false, true, false, true],
  ]);
  expect([u64(2), u64(1)].map(payload => repeats(message(1, payload, 5)))).toEqual([false, false]);
  // The beginning of the last one, and more than it.
  expect([long.subarray(0, 212), long.subarray(0, 100), long, long].map(each => repeats(each))).toEqual([
    ...[false, false, false, true],
  ]);
  expect([known, known, context].map(at => repeats(long, at))).toEqual([false, true, false]);
});

it('a relay decodes no message that says the same again', () => {
  const stand = new Stand();
  const { front, back } = stand.connect();
  for (let i = 0; i < 10; i++) {
    put(front, message(1));
    stand.settle();
    put(back, message(1, u64(0x1_7000_6e46n), 5));
    stand.settle();
  }
  expect(stand.messages()).toHaveLength(20);
  // Each once, and once more when the device type that they showed has become part of the context.
  expect(decoded.count).toBe(4);
  for (const fd of [front, back]) close(fd);
  stand.close();
});
