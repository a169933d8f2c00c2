/**
 * An index over the records of a capture: 12 bytes a record, in columns, so that ten million records take 121 MB and
 * any of them is read with one look into the file. There is no index file: `IndexBuilder` makes it from the capture.
 *
 * A message in several records has one row, its first record. Numbers are kept modulo 2^32: they narrow a search, what
 * is found is verified in the file.
 */

/** Rows in one chunk of columns (792 KiB); a multiple of 8. */
const chunkRows = 65_536;
/** Positions that a chunk can tell apart by their low words. */
const lowWords = 0x1_0000_0000;

/**
 * Between which numbers those of a column lie in one chunk, so that a search passes over most chunks: a request that has
 * no reply would be looked for in a million rows. Zero, which stands where there is no number, may be in any.
 */
class Span {
  #least = 0xffff_ffff;
  #most = 0;

  take(value: number): void {
    if (value === 0) return;
    if (value < this.#least) this.#least = value;
    if (value > this.#most) this.#most = value;
  }

  mayHold(value: number): boolean {
    return value === 0 || (value >= this.#least && value <= this.#most);
  }
}

class Chunk {
  /** File position of the first row; the others are counted from there. */
  readonly base: number;
  readonly positionLow = new Uint32Array(chunkRows);
  /** Absent where all rows lie within 4 GiB. */
  positionHigh: Uint16Array | undefined;
  readonly n = new Uint32Array(chunkRows);
  readonly answers = new Uint32Array(chunkRows);
  /** A bit a row: further records continue its message. */
  readonly continued = new Uint8Array(chunkRows / 8);
  readonly spans = { n: new Span(), answers: new Span() };

  constructor(base: number) {
    this.base = base;
  }
}

/** The columns. Rows are counted from 0, in file order. */
export class RecordIndex {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  /** Rows there are. */
  get length(): number {
    return this.#length;
  }

  /**
   * Adds a row and returns its number.
   *
   * @param position of the record's block in the file, behind those before
   * @param n the record's number, of which the lower half is kept
   * @param answers that of the request it answers; 0 none
   */
  add(position: number, n: number, answers: number): number {
    const at = this.#length % chunkRows;
    if (at === 0) this.#chunks.push(new Chunk(position));
    const chunk = this.#chunks[this.#chunks.length - 1] as Chunk;
    const distance = position - chunk.base;
    chunk.positionLow[at] = distance;
    if (distance >= lowWords) {
      chunk.positionHigh ??= new Uint16Array(chunkRows);
      chunk.positionHigh[at] = distance / lowWords;
    }
    chunk.n[at] = n;
    chunk.answers[at] = answers;
    chunk.spans.n.take(n >>> 0);
    chunk.spans.answers.take(answers >>> 0);
    return this.#length++;
  }

  /** Notes that further records continue a row's message. */
  setContinued(row: number): void {
    const { continued } = this.#chunkOf(row);
    const at = row % chunkRows;
    continued[at >> 3] = (continued[at >> 3] as number) | (1 << (at & 7));
  }

  /** Whether further records continue a row's message. */
  isContinued(row: number): boolean {
    const at = row % chunkRows;
    return ((this.#chunkOf(row).continued[at >> 3] as number) & (1 << (at & 7))) !== 0;
  }

  /** File position of a row's block. Rows outside the index are a RangeError. */
  positionOf(row: number): number {
    const { base, positionHigh, positionLow } = this.#chunkOf(row);
    const at = row % chunkRows;
    return (
      base + (positionHigh === undefined ? 0 : (positionHigh[at] as number) * lowWords) + (positionLow[at] as number)
    );
  }

  /** The first row from `from` on whose number is `n` modulo 2^32; -1 if none. */
  findNumber(n: number, from = 0): number {
    return this.#find('n', n >>> 0, from);
  }

  /** The first row from `from` on that answers number `n` modulo 2^32; -1 if none. */
  findAnswer(n: number, from = 0): number {
    return this.#find('answers', n >>> 0, from);
  }

  /** The last row before `before` whose number is `n` modulo 2^32, at most so many rows away; -1 if none. */
  findNumberBefore(n: number, before: number, most = Number.POSITIVE_INFINITY): number {
    const value = n >>> 0;
    for (let end = Math.min(before, this.#length); end > 0 && before - end < most; ) {
      const first = end - 1 - ((end - 1) % chunkRows);
      const { n: numbers, spans } = this.#chunkOf(first);
      const at = spans.n.mayHold(value) ? numbers.lastIndexOf(value, end - 1 - first) : -1;
      if (at >= 0) return first + at;
      end = first;
    }
    return -1;
  }

  #find(column: 'n' | 'answers', value: number, from: number): number {
    for (let first = from - (from % chunkRows); first < this.#length; first += chunkRows) {
      const chunk = this.#chunkOf(first);
      const at = chunk.spans[column].mayHold(value) ? chunk[column].indexOf(value, Math.max(0, from - first)) : -1;
      if (at >= 0) return first + at < this.#length ? first + at : -1;
    }
    return -1;
  }

  #chunkOf(row: number): Chunk {
    if (!(row >= 0 && row < this.#length)) throw new RangeError(`row ${row} is outside the ${this.#length} there are`);
    return this.#chunks[Math.floor(row / chunkRows)] as Chunk;
  }
}
