/**
 * Writes a capture file while it is live, crash-safely: whole blocks only, appended with one write each time. A kill
 * at any moment leaves a file whose whole blocks are all readable.
 *
 * A write that fails (a full disk) never throws: the file is cut back to its last whole block, what could not be
 * written stays in the buffer and is tried again, and once the buffer is full further records are counted as lost,
 * to be told at the next record of their interface and in the statistics at the end.
 */
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { CaptureError } from './capture-error.ts';
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

/** Milliseconds between two attempts to write to a file that refuses. */
const retryMs = 100;

const now = (): bigint => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;

/** One growing capture file; after a rotation, the next one. */
export class CaptureWriter {
  /** Bytes of the file: whole blocks. */
  size = 0;
  /** Why the last write failed; undefined again once one succeeds. */
  failure: CaptureError | undefined;
  readonly counts: WriterCounts = { records: 0, lost: 0 };
  #path: string;
  #fd: number;
  /** False for a pipe, such as one to Wireshark. */
  #seekable: boolean;
  readonly #options: WriterOptions;
  readonly #interfaces: InterfaceCounts[] = [];
  #bytes: Uint8Array;
  #view: DataView;
  #used = 0;
  #retryAt = 0;
  #syncAt = 0;

  /** Creates the file, readable by its owner only, or empties it. Throws a CaptureError where that is not possible. */
  constructor(path: string, options: WriterOptions = {}) {
    this.#path = path;
    this.#options = options;
    this.#bytes = new Uint8Array(options.bufferLength ?? 4 * 1024 * 1024);
    this.#view = new DataView(this.#bytes.buffer);
    this.#fd = create(path);
    this.#seekable = fstatSync(this.#fd).isFile();
    this.#append(build.sectionHeader(options));
  }

  /** The file being written. */
  get path(): string {
    return this.#path;
  }

  /** Bytes that are not in the file yet. */
  get pending(): number {
    return this.#used;
  }

  /** Describes a further interface, `pair/channel`, and returns its number: 0, 1, 2, … */
  addInterface(name: string): number {
    this.#append(build.interfaceDescription({ name }));
    return this.#interfaces.push({ name, received: 0, lost: 0, untold: 0 }) - 1;
  }

  /**
   * Takes a finished packet of `length` bytes at `from` of `source`; its interface must have been added. Written when
   * the buffer is full or at `flush()`. Returns false where it was lost, since the file cannot be written.
   */
  packet(head: PacketHead, source: Uint8Array, from: number, length: number): boolean {
    const counts = this.#interfaces[head.interfaceId];
    if (counts === undefined) throw new RangeError(`interface ${head.interfaceId} was never described`);
    if (counts.untold > 0) return this.#packetAfterLoss(counts, head, source.slice(from, from + length));
    if (!this.#makeRoom(build.wrappedLength(length))) {
      this.lost(head.interfaceId, 1);
      return false;
    }
    this.#used += build.wrapPacket(this.#bytes, this.#view, this.#used, head, source, from, length);
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
    if (this.#used === 0) return true;
    if (this.failure !== undefined && performance.now() < this.#retryAt) return false;
    return this.#write() && this.#sync();
  }

  /**
   * Ends this file and goes on in another one, which begins with the section, all interfaces and the records that
   * later messages need, flagged as carried. False, and still in this file, where that is not possible.
   */
  rotate(path: string, carried: readonly Carried[] = []): boolean {
    this.#appendStatistics();
    if (!this.#write()) return false;
    let fd: number;
    try {
      fd = create(path);
    } catch (error) {
      this.failure = error as CaptureError;
      return false;
    }
    closeSync(this.#fd);
    this.#fd = fd;
    this.#seekable = fstatSync(fd).isFile();
    this.#path = path;
    this.size = 0;
    this.#append(build.sectionHeader(this.#options));
    for (const counts of this.#interfaces) {
      this.#append(build.interfaceDescription({ name: counts.name }));
      counts.received = 0;
      counts.lost = 0;
    }
    for (const { head, packet } of carried) this.packet(head, asCarried(packet), 0, packet.length);
    return this.flush();
  }

  /** Writes what waits and the statistics, and closes the file. Records that still cannot be written count as lost. */
  close(): void {
    this.#appendStatistics();
    if (!this.#write()) this.counts.lost += this.#recordsWaiting();
    if (this.#options.fsyncMs !== undefined) this.#sync(true);
    closeSync(this.#fd);
  }

  #packetAfterLoss(counts: InterfaceCounts, head: PacketHead, packet: Uint8Array): boolean {
    const { flags, packetId, dropCount } = optionCode.packet;
    const block = build.enhancedPacket({
      interfaceId: head.interfaceId,
      timestamp: joined(head.wallLow, head.wallHigh),
      data: packet,
      originalLength: head.originalLength,
      options: [
        build.u32Option(flags, head.flags),
        build.u64Option(dropCount, BigInt(counts.untold)),
        build.u64Option(packetId, joined(head.nLow, head.nHigh)),
      ],
    });
    if (!this.#makeRoom(block.length)) {
      this.lost(head.interfaceId, 1);
      return false;
    }
    this.#append(block);
    counts.untold = 0;
    counts.received++;
    this.counts.records++;
    return true;
  }

  /** Room for so many bytes, if need be by writing what waits. */
  #makeRoom(length: number): boolean {
    return this.#used + length <= this.#bytes.length || (this.flush() && length <= this.#bytes.length);
  }

  /** Puts a block into the buffer; the few blocks that describe the file always find room. */
  #append(block: Uint8Array): void {
    if (this.#used + block.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#used + block.length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#bytes.set(block, this.#used);
    this.#used += block.length;
  }

  #appendStatistics(): void {
    const timestamp = now();
    for (const [interfaceId, { received, lost }] of this.#interfaces.entries()) {
      const fields = { interfaceId, timestamp, received: BigInt(received + lost), dropped: BigInt(lost) };
      this.#append(build.interfaceStatistics(fields));
    }
  }

  #write(): boolean {
    let written = 0;
    try {
      while (written < this.#used) {
        const position = this.#seekable ? this.size + written : null;
        written += writeSync(this.#fd, this.#bytes, written, this.#used - written, position);
      }
      this.failure = undefined;
    } catch (cause) {
      this.failure = CaptureError.from('cannot write', this.#path, cause);
      this.#retryAt = performance.now() + retryMs;
    }
    const whole = written === this.#used ? written : this.#wholeBlocks(written);
    this.size += whole;
    this.#bytes.copyWithin(0, whole, this.#used);
    this.#used -= whole;
    if (written > whole) this.#cutBack();
    return this.failure === undefined;
  }

  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.size);
    } catch {
      // The torn tail stays for now: readers take it for a block not written yet, and the next write covers it.
    }
  }

  /** Length of the whole blocks among the first bytes of the buffer. */
  #wholeBlocks(limit: number): number {
    let at = 0;
    while (at + 8 <= limit && at + this.#view.getUint32(at + 4, true) <= limit)
      at += this.#view.getUint32(at + 4, true);
    return at;
  }

  #recordsWaiting(): number {
    let count = 0;
    for (let at = 0; at < this.#used; at += this.#view.getUint32(at + 4, true))
      if (this.#view.getUint32(at, true) === blockType.enhancedPacket) count++;
    return count;
  }

  #sync(atOnce = false): boolean {
    const { fsyncMs } = this.#options;
    if (fsyncMs === undefined || (!atOnce && performance.now() < this.#syncAt)) return true;
    this.#syncAt = performance.now() + fsyncMs;
    try {
      fdatasyncSync(this.#fd);
      return true;
    } catch (cause) {
      this.failure = CaptureError.from('cannot store', this.#path, cause);
      return false;
    }
  }
}

function create(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (cause) {
    throw CaptureError.from('cannot write', path, cause);
  }
}

/** A copy of a packet with its `carried` flag set. */
export function asCarried(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  const view = new DataView(copy.buffer);
  const at = pduTags.length + fieldAt.flags;
  view.setUint32(at, view.getUint32(at, true) | headerFlag.carried, true);
  return copy;
}

const joined = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
