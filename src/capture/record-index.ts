/**
 * An index over the records of a capture: 16 bytes a record, in columns, so that ten million records take 160 MB and
 * any of them is read with one look into the file. There is no index file: `IndexBuilder` makes it from the capture.
 *
 * A message in several records has one row, its first record. Numbers are kept modulo 2^32: they narrow a search, what
 * is found is verified in the file.
 */

/** Rows in one chunk of columns (1 MiB). */
const chunkRows = 65_536;

/** Parts of the `what` column: kind less 1, channel and direction as numbered in the pseudo-header, two flags. */
const kindMask = 3;
const channelShift = 2;
const directionShift = 4;
const carriedBit = 1 << 6;
const continuedBit = 1 << 7;

/** Sessions are kept up to this number, which stands for itself and all above. */
const lastSession = 255;

/** What a row tells without looking into the file. */
export interface Row {
  /** File position of the record's block. */
  position: number;
  /** Numbers as in the pseudo-header. */
  kind: number;
  channel: number;
  direction: number;
  /** Repeated at the head of a rotated file. */
  carried: boolean;
  /** Further records continue the message. */
  continued: boolean;
  /** Up to `lastSession`. */
  session: number;
  /** Number of the record, and of the request it answers (0 none), modulo 2^32. */
  n: number;
  answers: number;
}

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
  readonly positionLow = new Uint32Array(chunkRows);
  readonly positionHigh = new Uint16Array(chunkRows);
  readonly what = new Uint8Array(chunkRows);
  readonly session = new Uint8Array(chunkRows);
  readonly n = new Uint32Array(chunkRows);
  readonly answers = new Uint32Array(chunkRows);
  readonly spans = { n: new Span(), answers: new Span() };
}

/** The columns. Rows are counted from 0, in file order. */
export class RecordIndex {
  readonly #chunks: Chunk[] = [];
  #length = 0;

  /** Rows there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds a row and returns its number. */
  add(
    position: number,
    kind: number,
    channel: number,
    direction: number,
    carried: boolean,
    session: number,
    n: number,
    answers: number,
  ): number {
    const at = this.#length % chunkRows;
    if (at === 0) this.#chunks.push(new Chunk());
    const chunk = this.#chunks[this.#chunks.length - 1] as Chunk;
    chunk.positionLow[at] = position;
    chunk.positionHigh[at] = position / 0x1_0000_0000;
    chunk.what[at] =
      ((kind - 1) & kindMask) |
      ((channel & 3) << channelShift) |
      ((direction & 3) << directionShift) |
      (carried ? carriedBit : 0);
    chunk.session[at] = Math.min(session, lastSession);
    chunk.n[at] = n;
    chunk.answers[at] = answers;
    chunk.spans.n.take(n >>> 0);
    chunk.spans.answers.take(answers >>> 0);
    return this.#length++;
  }

  /** Notes that further records continue a row's message. */
  setContinued(row: number): void {
    const chunk = this.#chunkOf(row);
    chunk.what[row % chunkRows] = (chunk.what[row % chunkRows] as number) | continuedBit;
  }

  /** File position of a row's block. Rows outside the index are a RangeError. */
  positionOf(row: number): number {
    const chunk = this.#chunkOf(row);
    const at = row % chunkRows;
    return (chunk.positionHigh[at] as number) * 0x1_0000_0000 + (chunk.positionLow[at] as number);
  }

  /** Whether further records continue a row's message. */
  isContinued(row: number): boolean {
    return ((this.#chunkOf(row).what[row % chunkRows] as number) & continuedBit) !== 0;
  }

  /** All a row tells. */
  row(row: number): Row {
    const chunk = this.#chunkOf(row);
    const at = row % chunkRows;
    const what = chunk.what[at] as number;
    return {
      position: this.positionOf(row),
      kind: (what & kindMask) + 1,
      channel: (what >> channelShift) & 3,
      direction: (what >> directionShift) & 3,
      carried: (what & carriedBit) !== 0,
      continued: (what & continuedBit) !== 0,
      session: chunk.session[at] as number,
      n: chunk.n[at] as number,
      answers: chunk.answers[at] as number,
    };
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
