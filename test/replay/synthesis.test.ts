/** Descriptors that are made for a replay. */
import { closeSync, readSync, writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Step } from '../../src/replay/recording.ts';
import { Synthesis } from '../../src/replay/synthesis.ts';
import { frame, steps } from './frames.ts';

const stateFd = (direction: number, access: 'r' | 'w') =>
  steps([frame('SET_DEVICE_STATE_FD', { direction, phase: 0 }, { fds: [{ kind: 'pipe', access }] })])[0] as Step;

it('whoever saves a state need not wait, however long it is', () => {
  const synthesis = new Synthesis();
  const made = synthesis.make(stateFd(0, 'w'), { kind: 'pipe', access: 'w' }, 0);
  const { fd } = made as { fd: number };
  const bytes = Buffer.alloc(60_000);
  for (let round = 0; round < 4; round++) {
    expect(writeSync(fd, bytes)).toBe(bytes.length);
    synthesis.drain();
  }
  closeSync(fd);
  synthesis.drain();
  synthesis.close();
});

it('a state to be loaded ends at once, and that is told', () => {
  const synthesis = new Synthesis();
  const made = synthesis.make(stateFd(1, 'r'), { kind: 'pipe', access: 'r' }, 0);
  expect(made).toMatchObject({ given: true, unlike: expect.stringContaining('ends at once') });
  const { fd } = made as { fd: number };
  expect(readSync(fd, Buffer.alloc(8))).toBe(0);
  closeSync(fd);
  synthesis.close();
});
