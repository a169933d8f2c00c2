/**
 * Builds the index of a capture in slices, and goes on once the file has grown. It looks only at the few bytes it
 * needs of each record: its numbers, and whether a message goes on in the next records.
 */
import { channels } from '../decode/frame.ts';
import { BlockReader } from './block-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { Passings } from './passings.ts';
import { blockType } from './pcapng/blocks.ts';
import type { Block } from './pcapng/parse.ts';
import { countNewer, type Newer } from './piece-reader.ts';
import {
  directions,
  fdEntryLength,
  fdFieldAt,
  fieldAt,
  fixedLength,
  getU64,
  headerFlag,
  pseudoHeaderVersion,
} from './pseudo-header.ts';
import { RecordIndex } from './record-index.ts';
import type { RecordPlace } from './section.ts';
import { Section } from './section.ts';

/** Sections kept; more than a person can make by merging. What follows is not indexed. */
const maxSections = 65_536;
/** Messages that may be open at a time, waiting for continuations. */
const maxOpen = 64;

/** For packets before any section header. */
const noSection = new Section(0, true);

/** A message of which further records are expected. */
interface Open {
  row: number;
  /** What names its connection, channel and direction, to tell the next message of the same stream. */
  stream: string;
  captureId: bigint;
  n: number;
  /** Message bytes there are so far, and in all. */
  length: number;
  wireLength: number;
}

/** The index of one file, as far as it was built. */
export class IndexBuilder {
  readonly index = new RecordIndex();
  readonly sections: Section[] = [];
  readonly passings = new Passings();
  /** Packets that are not vhuscope's. */
  foreign = 0;
  /** Records in a newer version of the format. */
  readonly newer: Newer = { records: 0, version: 0 };
  /** Where the index stops though the file goes on, since it has more sections than can be kept. */
  refused: number | undefined;
  readonly blocks: BlockReader;
  #open: Open[] = [];

  constructor(source: ByteSource) {
    this.blocks = new BlockReader(source, { reuses: true });
  }

  /** Reads on, for at most so many blocks. False at the end of what is there. */
  advance(count: number): boolean {
    const { blocks } = this;
    if (this.refused !== undefined) return false;
    for (let i = 0; i < count; i++) {
      const block = blocks.next();
      if (block === undefined) return false;
      if (block.type === blockType.enhancedPacket) this.#packet(block);
      else if (block.type === blockType.sectionHeader) {
        if (this.sections.length >= maxSections) {
          this.refused = blocks.positionOf(block);
          return false;
        }
        this.sections.push(new Section(blocks.positionOf(block), block.littleEndian));
      } else if (block.type === blockType.interfaceDescription) {
        this.sections.at(-1)?.describe(blocks.bytes, blocks.view, block, blocks.positionOf(block));
      }
    }
    return true;
  }

  /** The section a file position lies in. */
  sectionAt(position: number): Section {
    let low = 0;
    let high = this.sections.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.sections[middle] as Section).position <= position) low = middle;
      else high = middle - 1;
    }
    return this.sections[low] ?? noSection;
  }

  #packet(block: Block): void {
    const { view } = this.blocks;
    const place = (this.sections.at(-1) ?? noSection).placeOf(view, block);
    if (place === undefined) this.foreign++;
    else this.#record(view, this.blocks.positionOf(block), place);
  }

  #record(view: DataView, position: number, place: RecordPlace): void {
    const { start: at, end } = place;
    if (!isReadable(view, place)) {
      this.#unreadable(view, position, place);
      return;
    }
    const flags = view.getUint32(at + fieldAt.flags, true);
    if (flags & headerFlag.continuation && this.#continues(view, place)) return;
    const n = view.getUint32(at + fieldAt.n, true);
    const row = this.index.add(position, n, view.getUint32(at + fieldAt.answers, true));
    const fds = view.getUint16(at + fieldAt.fdEntries, true);
    if (fds > 0) this.#passed(view, at + fixedLength, Math.min(end, at + fixedLength + fds * fdEntryLength), row);
    if (flags & headerFlag.continuation) return;
    if (this.#open.length > 0) this.#closeStream(streamOf(view, place));
    if (flags & headerFlag.snapped) return;
    const length = end - at - view.getUint16(at + fieldAt.length, true);
    const wireLength = view.getUint32(at + fieldAt.wireLength, true);
    if (length >= wireLength) return;
    this.#open.push({
      row,
      stream: streamOf(view, place),
      captureId: view.getBigUint64(at + fieldAt.captureId, true),
      n: getU64(view, at + fieldAt.n),
      length,
      wireLength,
    });
    if (this.#open.length > maxOpen) this.#open.shift();
  }

  /** Cut, damaged or newer: it has a row, so that it is seen, and no number. */
  #unreadable(view: DataView, position: number, { start: at, end }: RecordPlace): void {
    const version = end - at > fieldAt.length + 2 ? view.getUint8(at + fieldAt.version) : 0;
    if (version > pseudoHeaderVersion) countNewer(this.newer, version);
    this.index.add(position, 0, 0);
  }

  #passed(view: DataView, from: number, end: number, row: number): void {
    for (let at = from; at + fdEntryLength <= end; at += fdEntryLength) {
      const object = view.getUint32(at + fdFieldAt.object, true);
      if (object > 0) this.passings.add(object, row);
    }
  }

  /** Whether a record continues an open message, which it then becomes a part of. */
  #continues(view: DataView, { start: at, end }: RecordPlace): boolean {
    const captureId = view.getBigUint64(at + fieldAt.captureId, true);
    const n = getU64(view, at + fieldAt.n);
    const open = this.#open.find(one => one.n === n && one.captureId === captureId);
    if (open === undefined || view.getUint32(at + fieldAt.fragmentOffset, true) !== open.length) return false;
    this.index.setContinued(open.row);
    open.length += Math.max(0, end - at - view.getUint16(at + fieldAt.length, true));
    const snapped = (view.getUint32(at + fieldAt.flags, true) & headerFlag.snapped) !== 0;
    if (snapped || open.length >= open.wireLength) this.#open.splice(this.#open.indexOf(open), 1);
    return true;
  }

  /** A stream's next message has begun: the one before has ended. */
  #closeStream(stream: string): void {
    this.#open = this.#open.filter(one => one.stream !== stream);
  }
}

/** Whether the fixed part of a pseudo-header is there; the same as where `readPseudoHeader` takes it for readable. */
function isReadable(view: DataView, { start: at, end }: RecordPlace): boolean {
  return (
    end - at >= fixedLength &&
    view.getUint8(at + fieldAt.version) === pseudoHeaderVersion &&
    view.getUint16(at + fieldAt.length, true) >= fixedLength
  );
}

/** A name for the stream of a record; the same for two records where `sameStream` of `join.ts` says so. */
function streamOf(view: DataView, { start: at, from }: RecordPlace): string {
  const channel = channels[view.getUint8(at + fieldAt.channel)] ?? 'main';
  const direction = directions[view.getUint8(at + fieldAt.direction)];
  const recording = view.getBigUint64(at + fieldAt.captureId, true);
  const session = view.getUint32(at + fieldAt.session, true);
  const epoch = view.getUint32(at + fieldAt.epoch, true);
  // Records without a direction belong to no stream: their own number keeps them apart.
  const last = direction ?? view.getBigUint64(at + fieldAt.n, true);
  return `${recording} ${session} ${epoch} ${channel} ${last} ${from.pair}`;
}
