/** A set of rows that can be paged through: which row is the k-th of it, and how many come before a row. */

/** Rows that one count stands for; a multiple of 32. */
const blockRows = 16_384;
const blockWords = blockRows / 32;

/** Rows in ascending order, one bit for each row of the trace: ten million take 1.25 MB. */
export class RowSet {
  #words = new Uint32Array(blockWords);
  /** How many rows lie before each block. */
  readonly #before: number[] = [0];
  #length = 0;
  #last = -1;

  /** Rows in the set. */
  get length(): number {
    return this.#length;
  }

  /** Adds a row, which must be larger than all before it. */
  add(row: number): void {
    if (row <= this.#last) throw new RangeError(`row ${row} was to be added behind ${this.#last}`);
    this.#reach(row);
    const word = row >>> 5;
    this.#words[word] = (this.#words[word] as number) | (1 << (row & 31));
    this.#length++;
    this.#last = row;
  }

  /** Whether a row is in it. */
  has(row: number): boolean {
    const word = this.#words[row >>> 5];
    return word !== undefined && (word & (1 << (row & 31))) !== 0;
  }

  /** The row at a position, from 0. A position outside the set is a RangeError. */
  at(position: number): number {
    if (!(position >= 0 && position < this.#length)) {
      throw new RangeError(`position ${position} is outside the ${this.#length} rows of the set`);
    }
    let low = 0;
    let high = this.#before.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#before[middle] as number) <= position) low = middle;
      else high = middle - 1;
    }
    let left = position - (this.#before[low] as number);
    for (let word = low * blockWords; ; word++) {
      const bits = this.#words[word] as number;
      const count = ones(bits);
      if (left < count) return word * 32 + nthOne(bits, left);
      left -= count;
    }
  }

  /** How many rows of the set are smaller than a row: its position, if it is in it. */
  rank(row: number): number {
    if (row > this.#last) return this.#length;
    const block = Math.floor(row / blockRows);
    let count = this.#before[block] as number;
    for (let word = block * blockWords; word < row >>> 5; word++) count += ones(this.#words[word] as number);
    const below = (1 << (row & 31)) - 1;
    return count + ones((this.#words[row >>> 5] as number) & below);
  }

  #reach(row: number): void {
    const block = Math.floor(row / blockRows);
    while (this.#before.length <= block) this.#before.push(this.#length);
    if ((block + 1) * blockWords > this.#words.length) {
      const larger = new Uint32Array(Math.max(this.#words.length * 2, (block + 1) * blockWords));
      larger.set(this.#words);
      this.#words = larger;
    }
  }
}

/** How many bits are set in a word. */
function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** The number of the n-th set bit of a word, both from 0. */
function nthOne(word: number, n: number): number {
  let rest = word;
  for (let i = 0; i < n; i++) rest &= rest - 1;
  return ones((rest & -rest) - 1);
}
