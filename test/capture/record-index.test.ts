import { describe, expect, it } from 'vitest';
import { RecordIndex } from '../../src/capture/record-index.ts';

/** Numbers of records and what they answer, over several chunks: in order, with gaps, beyond 2^32, and none at all. */
const first = 0xffff_ff00;
const records = Array.from({ length: 200_000 }, (_, row) => ({
  n: row % 1000 === 999 ? 0 : (first + row * 2) % 2 ** 32,
  answers: row % 3 === 1 ? (first + (row - 1) * 2) % 2 ** 32 : 0,
}));

const index = new RecordIndex();
// The second chunk reaches over more than 4 GiB of the file.
const positions = records.map((_, row) => row * 200 + (row > 100_000 ? 2 ** 33 + 7 : 0));
for (const [row, { n, answers }] of records.entries()) {
  index.add(positions[row] as number, n, answers);
  if (row % 7 === 3) index.setContinued(row);
}

it('every row keeps its place in the file, and whether it is continued', () => {
  expect(records.map((_, row) => index.positionOf(row))).toEqual(positions);
  expect(records.every((_, row) => index.isContinued(row) === (row % 7 === 3))).toBe(true);
  expect(() => index.positionOf(records.length)).toThrow(RangeError);
});

const wanted = [0, 2, 7, first, first + 2, first + 200, 100_000, 131_072 * 2, 399_998 - 256, 2 ** 32 + 4, 0x8000_0000];

describe('a search in the columns finds what a look at every row finds', () => {
  it.each(wanted)('number %d', value => {
    const isIt = ({ n }: { n: number }) => n === value % 2 ** 32;
    expect(index.findNumber(value)).toBe(records.findIndex(isIt));
    for (const before of [1, 65_536, 65_537, 150_000, 200_000])
      expect(index.findNumberBefore(value, before)).toBe(records.slice(0, before).findLastIndex(isIt));
  });

  it.each(wanted)('what answers number %d', value => {
    const isIt = ({ answers }: { answers: number }) => answers === value % 2 ** 32;
    for (const from of [0, 1, 65_535, 65_536, 150_000]) {
      const found = records.slice(from).findIndex(isIt);
      expect(index.findAnswer(value, from)).toBe(found < 0 ? -1 : from + found);
    }
  });
});
