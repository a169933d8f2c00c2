/**
 * Things that each cover a range of addresses and never overlap, in order. An immutable value that shares what a change
 * leaves alone: with thousands of entries a change copies a few dozen, so that a guest whose IOMMU maps and unmaps all the
 * time can be followed, and every moment of it kept.
 */

/** Something that covers `size` bytes from `iova`. */
export interface Ranged {
  readonly n: number;
  readonly iova: bigint;
  readonly size: bigint;
}

/** A piece is cut in two when it has more entries than this. */
const longestPiece = 64;

/** Entries by address. */
export class Ranges<T extends Ranged> {
  /** The entries in order, in pieces that are never empty. */
  readonly pieces: readonly (readonly T[])[];
  readonly length: number;

  private constructor(pieces: readonly (readonly T[])[], length: number) {
    this.pieces = pieces;
    this.length = length;
  }

  /** No entry. */
  static none<T extends Ranged>(): Ranges<T> {
    return new Ranges<T>([], 0);
  }

  /** All entries, by address. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const piece of this.pieces) yield* piece;
  }

  /** The entry that covers an address. */
  at(address: bigint): T | undefined {
    const piece = this.pieces[this.#pieceAt(address)];
    return piece?.find(({ iova, size }) => iova <= address && address < iova + size);
  }

  /** Without the entries that overlap `size` bytes from `start`. */
  without(start: bigint, size: bigint): Ranges<T> {
    const end = start + size;
    const from = this.#pieceAt(start);
    let to = from;
    while (to < this.pieces.length && ((this.pieces[to] as readonly T[])[0] as T).iova < end) to++;
    const touched = this.pieces.slice(from, to);
    const kept = touched.map(piece => piece.filter(one => one.iova + one.size <= start || end <= one.iova));
    const gone = touched.reduce((sum, piece, i) => sum + piece.length - (kept[i] as T[]).length, 0);
    if (gone === 0) return this;
    const pieces = [...this.pieces.slice(0, from), ...kept.filter(piece => piece.length > 0), ...this.pieces.slice(to)];
    return new Ranges(pieces, this.length - gone);
  }

  /**
   * With another entry in place of those it overlaps.
   *
   * @param most entries there may be; above that, the oldest of its neighbours goes
   */
  with(entry: T, most: number): Ranges<T> {
    const cleared = this.without(entry.iova, entry.size);
    if (cleared.length === 0) return new Ranges([[entry]], 1);
    const at = cleared.#pieceAt(entry.iova);
    const piece = cleared.pieces[at] as readonly T[];
    let place = piece.findIndex(one => one.iova > entry.iova);
    if (place < 0) place = piece.length;
    let full = [...piece.slice(0, place), entry, ...piece.slice(place)];
    const spare = cleared.length >= most;
    if (spare) {
      const oldest = full.reduce((old, one) => (one.n < old.n ? one : old));
      full = full.filter(one => one !== oldest);
    }
    const middle = full.length >> 1;
    const made = full.length > longestPiece ? [full.slice(0, middle), full.slice(middle)] : [full];
    const pieces = [...cleared.pieces.slice(0, at), ...made, ...cleared.pieces.slice(at + 1)];
    return new Ranges(pieces, cleared.length + (spare ? 0 : 1));
  }

  /** The last piece that begins at or before an address, or the first. */
  #pieceAt(address: bigint): number {
    let low = 0;
    let high = this.pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (((this.pieces[middle] as readonly T[])[0] as T).iova <= address) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }
}
