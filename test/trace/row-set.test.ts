import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowSet } from '../../src/trace/row-set.ts';

/** Rows of every distance, up to some blocks of the set. */
const rows = fc
  .uniqueArray(fc.integer({ min: 0, max: 100_000 }), { maxLength: 300 })
  .map(list => list.sort((a, b) => a - b));

describe('a set of rows', () => {
  it('gives each row at its position, and each row its rank', () => {
    fc.assert(
      fc.property(rows, list => {
        const set = new RowSet();
        for (const row of list) set.add(row);
        expect(set.length).toBe(list.length);
        for (const [position, row] of list.entries()) {
          expect(set.at(position)).toBe(row);
          expect(set.rank(row)).toBe(position);
          expect(set.has(row)).toBe(true);
        }
      }),
    );
  });

  it('ranks rows that are not in it by what is before them', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 120_000 }), (list, row) => {
        const set = new RowSet();
        for (const one of list) set.add(one);
        expect(set.rank(row)).toBe(list.filter(one => one < row).length);
        expect(set.has(row)).toBe(list.includes(row));
      }),
    );
  });

  it('refuses what is out of order or outside', () => {
    const set = new RowSet();
    set.add(5);
    expect(() => set.add(5)).toThrow(RangeError);
    expect(() => set.at(1)).toThrow(RangeError);
  });
});
