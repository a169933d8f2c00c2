import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Recorder } from '../../src/proxy/recorder.ts';
import { frameKind, RingReader, RingWriter, ringMemory } from '../../src/proxy/ring.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-recorder-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('writes what it has taken while more comes: a flood may never end', () => {
  const path = join(folder, 'flood.pcapng');
  const memory = ringMemory(1 << 20);
  const ring = new RingWriter(memory);
  const head = { kind: 0, interfaceNumber: 0, wallLow: 0, wallHigh: 0, originalLength: 200, flags: 0 };
  const put = (kind: number, bytes: number): number => {
    const at = ring.open({ ...head, kind }, bytes, ring.units);
    ring.publish();
    return at;
  };
  put(frameKind.interface, 4);
  const frames = 3000;
  let taken = 0;
  const sizes: number[] = [];
  const free: boolean[] = [];
  const reader = new (class extends RingReader {
    override next(): boolean {
      if (++taken > frames) return false;
      // Always one more, until the test has seen enough.
      free.push(put(frameKind.packet, 200) >= 0);
      if (taken % 500 === 0) sizes.push(statSync(path).size);
      return super.next();
    }
  })(memory);
  new Recorder(reader, path, {}).drain();
  const [first = 0] = sizes;
  expect(sizes.map(size => size > first)).toEqual([false, false, true, true, true, true]);
  expect(sizes[5]).toBeGreaterThan(2048 * 200);
  expect(free).not.toContain(false);
});
