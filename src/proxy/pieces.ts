/** The pieces in which a message arrives: each ends where the input paused, the last with the message. Pure. */
export class Pieces {
  #ends: number[] = [];

  /** Whether there is more than one. */
  get several(): boolean {
    return this.#ends.length > 0;
  }

  /** Where they end, as offsets in the message; the end of the last one is left out. */
  get ends(): readonly number[] {
    return this.#ends;
  }

  /** The input paused after the first `have` bytes of the message. */
  pauseAt(have: number): void {
    if (have > 0 && this.#ends.at(-1) !== have) this.#ends.push(have);
  }

  /** Their lengths, in a message of so many bytes. */
  lengths(have: number): number[] {
    return [...this.#ends, have].map((end, i, ends) => end - (ends[i - 1] ?? 0));
  }

  /** Where the piece ends that the byte at an offset belongs to; Infinity in the last one. */
  nextAfter(at: number): number {
    return this.#ends.find(end => end > at) ?? Number.POSITIVE_INFINITY;
  }

  /** Makes ready for the next message. */
  reset(): void {
    if (this.#ends.length > 0) this.#ends = [];
  }
}
