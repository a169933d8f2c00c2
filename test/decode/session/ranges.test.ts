import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ranged, Ranges } from '../../../src/decode/session/ranges.ts';

const entry = (n: number, iova: number, size: number): Ranged => ({ n, iova: BigInt(iova), size: BigInt(size) });
const overlap = (a: Ranged, b: Ranged) => a.iova < b.iova + b.size && b.iova < a.iova + a.size;
const inOrder = (list: readonly Ranged[]) => [...list].sort((a, b) => (a.iova < b.iova ? -1 : 1));

const place = { at: fc.integer({ min: 0, max: 5000 }), size: fc.integer({ min: 1, max: 40 }) };
const change = fc.record({ put: fc.boolean(), ...place });

describe('ranges', () => {
  it('hold what a plain list would hold, whatever is put in and taken out', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), changes => {
        let plain: Ranged[] = [];
        let ranges = Ranges.none<Ranged>();
        changes.forEach(({ put, at, size }, n) => {
          const one = entry(n, at, size);
          plain = plain.filter(other => !overlap(one, other));
          if (put) plain.push(one);
          ranges = put ? ranges.with(one, 10_000) : ranges.without(one.iova, one.size);
        });
        expect([...ranges]).toEqual(inOrder(plain));
        expect(ranges.length).toBe(plain.length);
        for (const one of plain) expect(ranges.at(one.iova + one.size - 1n)).toBe(one);
        expect(ranges.at(6000n)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('share what a change leaves alone', () => {
    let ranges = Ranges.none<Ranged>();
    for (let n = 0; n < 1000; n++) ranges = ranges.with(entry(n, n * 10, 5), 10_000);
    const changed = ranges.with(entry(1000, 5003, 1), 10_000);
    const shared = changed.pieces.filter(piece => ranges.pieces.includes(piece));
    expect(shared.length).toBe(ranges.pieces.length - 1);
    expect(ranges.without(7n, 1n), 'nothing lies there').toBe(ranges);
  });

  it('let an old neighbour go when there are too many', () => {
    let ranges = Ranges.none<Ranged>();
    for (let n = 0; n < 500; n++) ranges = ranges.with(entry(n, ((n * 7919) % 500) * 10, 5), 100);
    expect(ranges.length).toBe(100);
    expect([...ranges]).toEqual(inOrder([...ranges]));
  });
});
