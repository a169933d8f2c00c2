import { describe, expect, it } from 'vitest';
import { type Facts, holds } from '../../src/decode/condition.ts';
import type { Cond } from '../../src/decode/schema.ts';

const nothing: Facts = { context: {}, size: 0, fdCount: 0, first: 0, assumed: false };

describe('a condition', () => {
  it.each<[Cond, Partial<Facts>, boolean]>([
    [['size', 8], { size: 8 }, true],
    [['size', 8], { size: 9 }, false],
    [['size', 8, 16], { size: 16 }, true],
    [['size', 8, 16], { size: 17 }, false],
    [['starts', 7], { size: 4, first: 7 }, true],
    [['starts', 0], { size: 3, first: 0 }, false],
    [['stride', 8, 32], { size: 8 + 3 * 32, first: 3 }, true],
    [['stride', 8, 32], { size: 8 + 3 * 32, first: 2 }, false],
    // No entry at all: nothing tells entries of one size from those of another.
    [['stride', 8, 32], { size: 8, first: 0 }, false],
    [['fds', 1], { fdCount: 1 }, true],
    [['dialect', 'dpdk'], { context: { backEnd: 'dpdk' } }, true],
    [['dialect', 'dpdk'], { context: { frontEnd: 'qemu' } }, false],
    [['not', ['fds', 1]], { fdCount: 0 }, true],
    [['all', []], {}, true],
    [['any', []], {}, false],
  ])('%j of %j: %s', (condition, known, result) => {
    const facts = { ...nothing, ...known };
    expect(holds(condition, facts)).toBe(result);
    expect(facts.assumed).toBe(false);
  });

  it('on a feature that nobody told of is assumed', () => {
    const facts = { ...nothing };
    expect(holds(['protocol', 'REPLY_ACK'], facts)).toBe(false);
    expect(facts.assumed).toBe(true);
    const told = { ...nothing, context: { protocolFeatures: 1n << 3n } };
    expect(holds(['protocol', 'REPLY_ACK'], told)).toBe(true);
    expect(told.assumed).toBe(false);
  });
});
