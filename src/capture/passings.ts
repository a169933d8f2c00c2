/**
 * Where kernel objects were passed: 8 bytes for each descriptor whose object is known, so that a record can name the
 * other records with the same memfd or eventfd.
 */

/** Passings kept; 32 MiB. A recording that passes more is not one a person follows by object. */
const maxPassings = 4 * 1024 * 1024;

/** Rows by the object that was passed there. */
export class Passings {
  #objects = new Uint32Array(256);
  #rows = new Uint32Array(256);
  #length = 0;

  /** Notes that an object was passed at a row; rows come in order. */
  add(object: number, row: number): void {
    if (this.#length >= maxPassings) return;
    if (this.#length === this.#objects.length) {
      this.#objects = grown(this.#objects);
      this.#rows = grown(this.#rows);
    }
    this.#objects[this.#length] = object;
    this.#rows[this.#length++] = row;
  }

  /** The rows at which an object was passed, in order, each once, at most `most`. */
  rowsOf(object: number, most = 1000): number[] {
    const rows: number[] = [];
    const used = this.#objects.subarray(0, this.#length);
    for (let at = used.indexOf(object); at >= 0 && rows.length < most; at = used.indexOf(object, at + 1)) {
      const row = this.#rows[at] as number;
      if (rows.at(-1) !== row) rows.push(row);
    }
    return rows;
  }
}

function grown(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}
