import { describe, expect, it } from 'vitest';
import { duration } from '../../../src/decode/text/remarks.ts';

describe('duration', () => {
  it.each([
    [0, '0 ns'],
    [999, '999 ns'],
    [1000, '1.00 µs'],
    [1049, '1.05 µs'],
    [50_500, '50.5 µs'],
    [990_000, '990 µs'],
    [1_000_000, '1.00 ms'],
    [12_345_678, '12.3 ms'],
    [9_009_000_000, '9.01 s'],
    [120_000_000_000, '120 s'],
    [-4_050_000, '-4.05 ms'],
  ])('%i', (ns, expected) => {
    expect(duration(ns)).toBe(expected);
  });
});
