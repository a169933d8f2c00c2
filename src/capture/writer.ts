/**
 * Writes a capture file while it is live. A kill at any moment leaves a file whose whole blocks are all readable.
 *
 * Nothing here throws once the file is there. While it refuses (a full disk), records wait; once the buffer is full
 * further ones are counted as lost, to be told at the next record of their interface and in the statistics at the end.
 */
import { BlockFile } from './block-file.ts';
import type { CaptureError } from './capture-error.ts';
import { blockType, optionCode } from './pcapng/blocks.ts';
import type { PacketHead, SectionFields } from './pcapng/build.ts';
import * as build from './pcapng/build.ts';
import { fieldAt, headerFlag, pduTags } from './pseudo-header.ts';

/** How a capture is written. */
export interface WriterOptions extends SectionFields {
  /** Bytes that wait for the next write, or for a disk that is full; default 4 MiB. */
  bufferLength?: number;
  /** Ask the disk to store what was written, at most every so many milliseconds; default: leave it to the kernel. */
  fsyncMs?: number;
}

/** What became of the records of a section so far. */
export interface WriterCounts {
  /** Records that stand in the file or wait to be written. */
  records: number;
  /** Records that were lost, here or before they came here. */
  lost: number;
}

/** A packet to repeat at the head of a rotated file: what later messages need. */
export interface Carried {
  head: PacketHead;
  /** The whole packet: tags, pseudo-header, bytes. */
  packet: Uint8Array;
}

interface InterfaceCounts {
  name: string;
  received: number;
  lost: number;
  /** Losses not yet told at a record. */
  untold: number;
}

const defaultBufferLength = 4 * 1024 * 1024;

const now = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;

/** One growing capture file; after a rotation, the next one. */
export class CaptureWriter {
  readonly counts: WriterCounts = { records: 0, lost: 0 };
  readonly #options: WriterOptions;
  readonly #interfaces: InterfaceCounts[] = [];
  #file: BlockFile;
  /** Why the last rotation failed. */
  #stuck: CaptureError | undefined;

  /** Creates the file, readable by its owner only, or empties it. Throws a CaptureError where that is not possible. */
  constructor(path: string, options: WriterOptions = {}) {
    this.#options = options;
    this.#file = this.#create(path);
    this.#file.append(build.sectionHeader(options));
  }

  /** The file being written. */
  get path(): string {
    return this.#file.path;
  }

  /** Bytes of the file: whole blocks. */
  get size(): number {
    return this.#file.size;
  }

  /** Bytes that are not in the file yet. */
  get pending(): number {
    return this.#file.used;
  }

  /** Why the last write, or the last rotation, failed; undefined again once one succeeds. */
  get failure(): CaptureError | undefined {
    return this.#file.failure ?? this.#stuck;
  }

  /** Describes a further interface, `pair/channel`, and returns its number: 0, 1, 2, … */
  addInterface(name: string): number {
    this.#file.append(build.interfaceDescription({ name }));
    return this.#interfaces.push({ name, received: 0, lost: 0, untold: 0 }) - 1;
  }

  /**
   * Takes a finished packet of `length` bytes at `from` of `source`; its interface must have been added. Written when
   * the buffer is full or at `flush()`. Returns false where it was lost, since the file cannot be written.
   *
   * @param comments packet comments, for whoever looks at the file with other tools
   */
  packet(
    head: PacketHead,
    source: Uint8Array,
    from: number,
    length: number,
    comments: readonly string[] = [],
  ): boolean {
    const counts = this.#interfaces[head.interfaceId];
    if (counts === undefined) throw new RangeError(`interface ${head.interfaceId} was never described`);
    const file = this.#file;
    if (counts.untold > 0 || comments.length > 0) {
      const block = withOptions(head, source.slice(from, from + length), counts.untold, comments);
      if (!file.makeRoom(block.length)) return this.#lose(head);
      file.append(block);
      counts.untold = 0;
    } else {
      if (!file.makeRoom(build.wrappedLength(length))) return this.#lose(head);
      file.used += build.wrapPacket(file.bytes, file.view, file.used, head, source, from, length);
    }
    counts.received++;
    this.counts.records++;
    return true;
  }

  /** Counts records that were lost on an interface, here or on their way. */
  lost(interfaceId: number, count: number): void {
    const counts = this.#interfaces[interfaceId];
    if (counts !== undefined) {
      counts.lost += count;
      counts.untold += count;
    }
    this.counts.lost += count;
  }

  /** Writes what waits. False where the file refuses; what waits is then kept and tried again. */
  flush(): boolean {
    return this.#file.flush();
  }

  /**
   * Ends this file and goes on in another one, which begins with the section, all interfaces and the records that
   * later messages need, flagged as carried. False, and still in this file, where that is not possible.
   */
  rotate(path: string, carried: readonly Carried[] = []): boolean {
    if (!this.flush()) return false;
    let next: BlockFile;
    try {
      // Empty until this file is finished, so that nobody goes on in it too early.
      next = this.#create(path);
      this.#stuck = undefined;
    } catch (error) {
      this.#stuck = error as CaptureError;
      return false;
    }
    this.#appendStatistics();
    if (!this.#file.finish()) {
      next.close();
      return false;
    }
    this.#file.close();
    this.#file = next;
    next.append(build.sectionHeader(this.#options));
    for (const counts of this.#interfaces) {
      next.append(build.interfaceDescription({ name: counts.name }));
      counts.received = 0;
      counts.lost = 0;
      // The statistics of the file before have told them.
      counts.untold = 0;
    }
    const { records } = this.counts;
    for (const { head, packet } of carried) this.packet(head, asCarried(packet), 0, packet.length);
    // What is repeated was counted before.
    this.counts.records = records;
    return this.flush();
  }

  /** Writes what waits and the statistics, and closes the file. Records that still cannot be written count as lost. */
  close(): void {
    this.#appendStatistics();
    if (!this.#file.finish()) {
      const waiting = recordsIn(this.#file);
      this.counts.records -= waiting;
      this.counts.lost += waiting;
    }
    this.#file.close();
  }

  #create(path: string): BlockFile {
    return new BlockFile(path, this.#options.bufferLength ?? defaultBufferLength, this.#options.fsyncMs);
  }

  #lose({ interfaceId }: PacketHead): false {
    this.lost(interfaceId, 1);
    return false;
  }

  #appendStatistics(): void {
    const timestamp = now();
    for (const [interfaceId, { received, lost }] of this.#interfaces.entries()) {
      const fields = { interfaceId, timestamp, received: BigInt(received + lost), dropped: BigInt(lost) };
      this.#file.append(build.interfaceStatistics(fields));
    }
  }
}

/** The block of a packet that also says how many were lost before it, or has comments. */
function withOptions(head: PacketHead, packet: Uint8Array, lost: number, comments: readonly string[]): Uint8Array {
  const { flags, packetId, dropCount } = optionCode.packet;
  return build.enhancedPacket({
    interfaceId: head.interfaceId,
    timestamp: joined(head.wallLow, head.wallHigh),
    data: packet,
    originalLength: head.originalLength,
    options: [
      build.u32Option(flags, head.flags),
      ...(lost > 0 ? [build.u64Option(dropCount, BigInt(lost))] : []),
      build.u64Option(packetId, joined(head.nLow, head.nHigh)),
      ...comments.map(text => build.textOption(optionCode.comment, text)),
    ],
  });
}

/** Records among the blocks that wait. */
function recordsIn({ view, used }: BlockFile): number {
  let count = 0;
  for (let at = 0; at < used; at += view.getUint32(at + 4, true))
    if (view.getUint32(at, true) === blockType.enhancedPacket) count++;
  return count;
}

/** A copy of a packet with its `carried` flag set. */
function asCarried(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  const view = new DataView(copy.buffer);
  const at = pduTags.length + fieldAt.flags;
  view.setUint32(at, view.getUint32(at, true) | headerFlag.carried, true);
  return copy;
}

/** A 64-bit number from its halves. */
const joined = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
