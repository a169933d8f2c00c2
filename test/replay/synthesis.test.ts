/** Descriptors that are made for a replay, and a device's state that goes through them. */
import { closeSync, readSync, writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Step } from '../../src/replay/recording.ts';
import { StatePipes, type States } from '../../src/replay/state-pipes.ts';
import { Synthesis } from '../../src/replay/synthesis.ts';
import { frame, steps } from './frames.ts';

/** The descriptor of a pipe that a state is saved into (0) or loaded from (1), and what moves the state. */
function pipeFor(direction: 0 | 1, states: States = {}) {
  const access = direction === 0 ? 'w' : 'r';
  const fds = [{ kind: 'pipe' as const, access: access as 'r' | 'w' }];
  const [step] = steps([frame('SET_DEVICE_STATE_FD', { direction, phase: 0 }, { fds })]) as [Step];
  const pipes = new StatePipes(states);
  const made = new Synthesis(pipes).make(step, { kind: 'pipe', access }, 0) as { fd: number };
  return { pipes, made, fd: made.fd };
}

const state = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));

it('whoever saves a state need not wait, however long it is, and it is kept', () => {
  const kept: Uint8Array[] = [];
  const { pipes, fd } = pipeFor(0, { take: piece => kept.push(piece) });
  for (let at = 0; at < state.length; at += 50_000) {
    expect(writeSync(fd, state, at, 50_000)).toBe(50_000);
    pipes.turn();
  }
  expect(pipes.isBusy).toBe(true);
  closeSync(fd);
  pipes.turn();
  expect(pipes.isBusy).toBe(false);
  expect(Buffer.concat(kept).equals(state)).toBe(true);
});

it('a state to be loaded is handed over as fast as it is taken, and then ends', () => {
  const { pipes, made, fd } = pipeFor(1, { give: state });
  expect(made).not.toHaveProperty('unlike');
  const loaded: Buffer[] = [];
  for (let more = true; more; pipes.turn()) {
    const part = Buffer.alloc(32_768);
    const length = readSync(fd, part);
    loaded.push(part.subarray(0, length));
    more = length > 0;
  }
  expect(Buffer.concat(loaded).equals(state)).toBe(true);
  expect(pipes.isBusy).toBe(false);
  closeSync(fd);
});

it('a state that nobody loads to its end keeps nobody waiting', () => {
  const { pipes, fd } = pipeFor(1, { give: state });
  expect(pipes.isBusy).toBe(true);
  closeSync(fd);
  pipes.turn();
  expect(pipes.isBusy).toBe(false);
});

it('a state that is not there ends at once, and that is told', () => {
  const { pipes, made, fd } = pipeFor(1);
  expect(made).toMatchObject({ given: true, unlike: expect.stringContaining('ends at once') });
  expect(pipes.isBusy).toBe(false);
  expect(readSync(fd, Buffer.alloc(8))).toBe(0);
  closeSync(fd);
});
