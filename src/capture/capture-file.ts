/**
 * A capture file with random access: rows by number, in bounded memory however long the file is. The index is built
 * by `advance()`, a slice at a time; before it is there, `tail()` shows the newest records by walking back from the
 * file's end.
 */
import type { Frame } from '../decode/frame.ts';
import { appendNote, type Words } from './annotate.ts';
import { FileSource } from './byte-source.ts';
import { CaptureError } from './capture-error.ts';
import { IndexBuilder } from './index-builder.ts';
import { alone, concatenated, continues, Joiner, sameStream } from './join.ts';
import { PacketNumber } from './packet-number.ts';
import type { Passings } from './passings.ts';
import { PieceReader } from './piece-reader.ts';
import { unreadable } from './pseudo-header-read.ts';
import type { CaptureProblem } from './reader.ts';
import { assertPcapng, newerProblems, problemsOf } from './reader.ts';
import type { RecordIndex } from './record-index.ts';
import type { Piece, Section } from './section.ts';
import { tailPosition } from './tail.ts';
import { Windows } from './windows.ts';

/** Records that are looked through for a message's continuations, and bytes of a message that are joined. */
const maxContinuationSearch = 100_000;
const maxJoinedLength = 192 * 1024 * 1024;
/** Records at the end among which the largest number is looked for: they are nearly in order. */
const lastRows = 256;

/** An open capture file. */
export class CaptureFile {
  readonly path: string;
  readonly #source: FileSource;
  readonly #builder: IndexBuilder;
  readonly #windows: Windows;

  /** Opens a file. Throws a CaptureError where it cannot be read or is no pcapng file. */
  constructor(path: string) {
    this.path = path;
    this.#source = new FileSource(path);
    try {
      assertPcapng(this.#source);
    } catch (error) {
      this.#source.close();
      throw error;
    }
    this.#builder = new IndexBuilder(this.#source);
    this.#windows = new Windows(this.#source);
  }

  /** Rows that are indexed so far. */
  get length(): number {
    return this.#builder.index.length;
  }

  /** The columns, for searches that need not look into the file. */
  get index(): RecordIndex {
    return this.#builder.index;
  }

  /** Where kernel objects were passed. */
  get passings(): Passings {
    return this.#builder.passings;
  }

  /** Packets of others that are passed over. */
  get foreign(): number {
    return this.#builder.foreign;
  }

  /** How far the index reaches into the file, in bytes, and the file's size now. */
  progress(): { done: number; size: number } {
    return { done: this.#builder.blocks.position, size: this.#source.size() };
  }

  /** Builds the index on, for at most so many blocks. False at the end of what is there now. */
  advance(blocks = 20_000): boolean {
    return this.#builder.advance(blocks);
  }

  /** What keeps the file from being read to its end; meaningful once `advance` says false and nobody writes it. */
  get problems(): CaptureProblem[] {
    const { blocks, newer, refused: offset } = this.#builder;
    const found = newerProblems(this.path, newer);
    if (offset === undefined) return [...found, ...problemsOf(this.path, blocks.end, blocks.skipped)];
    const message = `${this.path}: read up to offset ${offset} only: it has more sections than can be kept`;
    return [...found, { path: this.path, offset, message }];
  }

  /** The frame of a row, its message joined. A row outside the index is a RangeError. */
  frame(row: number): Frame {
    const position = this.#builder.index.positionOf(row);
    const section = this.#builder.sectionAt(position);
    const piece = this.#pieceAt(position, section);
    if (piece === undefined) return missing(position);
    if (piece.fragmentOffset !== undefined) return alone(piece);
    return this.#builder.index.isContinued(row) ? this.#joined(piece, position, section) : piece;
  }

  /** The newest records, about so many, without the index: opening at the end of a large file is immediate. */
  tail(count: number): Frame[] {
    const { position, section } = tailPosition(this.#source, count);
    const pieces = new PieceReader(this.#source, position, section);
    const joiner = new Joiner();
    const found: Frame[] = [];
    for (let piece = pieces.next(); piece !== undefined; piece = pieces.next()) found.push(...joiner.push(piece));
    found.push(...joiner.flush());
    return found.slice(-count);
  }

  /** Counts the packets of the file up to a row's. */
  packetNumber(row: number): PacketNumber {
    return new PacketNumber(this.#source, this.#builder.index.positionOf(row));
  }

  /**
   * Writes a note behind the last record, numbered as the next one. Throws a CaptureError where that is not possible.
   *
   * @param like the record it is about, or one of the same recording
   */
  note(like: Frame, words: Words): number {
    const { blocks, index } = this.#builder;
    const size = this.#source.size();
    if (this.advance() || blocks.end.how !== 'whole' || blocks.position !== size) {
      const cut = `${this.path} takes no note: its last block is not whole; vhuscope read --repair cuts it off`;
      throw new CaptureError(cut, this.path, blocks.position);
    }
    let n = like.n;
    for (let row = index.length - 1; row >= Math.max(0, index.length - lastRows); row--)
      n = Math.max(n, this.frame(row).n);
    appendNote({ path: this.path, size, section: this.#builder.sectionAt(size) }, like, n + 1, words);
    return n + 1;
  }

  close(): void {
    this.#source.close();
  }

  #pieceAt(position: number, section: Section): Piece | undefined {
    const found = this.#windows.blockAt(position, section.littleEndian);
    return found && section.frameOf(found.bytes, found.view, found.block);
  }

  /** Collects the continuations behind a first record. */
  #joined(first: Piece, position: number, section: Section): Frame {
    const pieces = new PieceReader(this.#source, position, section);
    pieces.next();
    const parts = [first.bytes];
    let length = first.bytes.length;
    for (let seen = 0; length < first.wireLength && seen < maxContinuationSearch; seen++) {
      const piece = pieces.next();
      if (piece === undefined || length + piece.bytes.length > maxJoinedLength) break;
      if (continues(piece, first) && piece.fragmentOffset === length) {
        parts.push(piece.bytes);
        length += piece.bytes.length;
        if (piece.sentNs > first.sentNs) first.sentNs = piece.sentNs;
        if (piece.snapped) break;
      } else if (piece.fragmentOffset === undefined && sameStream(piece, first)) break;
    }
    first.bytes = concatenated(parts, length);
    return first;
  }
}

/** What stands for a record that was in the file when it was indexed and is not there any more. */
function missing(position: number): Frame {
  const damage = `the record at offset ${position} is gone: the file was changed while it was open`;
  return { ...unreadable(damage), pair: '', wallNs: 0n, bytes: new Uint8Array(0) };
}
