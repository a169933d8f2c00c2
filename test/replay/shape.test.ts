/** What descriptors are made like, where the capture does not tell. */
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/replay/recording.ts';
import { kindNeeded, sizeNeeded } from '../../src/replay/shape.ts';
import { frame, region, steps } from './frames.ts';

describe('descriptors of which the capture knows little', () => {
  it.each<[string, object, number, number, string]>([
    ['ADD_MEM_REG', region(0x2000), 0, 0x3000, 'memfd'],
    ['SET_MEM_TABLE', { regions: [region(0).region, region(0x4000).region] }, 1, 0x5000, 'memfd'],
    ['SET_LOG_BASE', { size: 0x800, offset: 0x100 }, 0, 0x900, 'memfd'],
    ['SET_VRING_KICK', { index: 0 }, 0, 4096, 'eventfd'],
  ])('%s', (name, payload, at, size, kind) => {
    const [step] = steps([frame(name, payload, { fds: [{ kind: 'unknown' }, { kind: 'unknown' }] })]);
    expect(sizeNeeded(step as Step, at)).toBe(size);
    expect(kindNeeded(step as Step)).toBe(kind);
  });
});
