/** A relay on the test's own thread, driven step by step, with socket pairs as its peers. */
import { fstatSync } from 'node:fs';
import type { PseudoHeader } from '../../src/capture/pseudo-header.ts';
import { pduTags } from '../../src/capture/pseudo-header.ts';
import { readPseudoHeader } from '../../src/capture/pseudo-header-read.ts';
import { Recording } from '../../src/proxy/recording.ts';
import { Relay } from '../../src/proxy/relay.ts';
import type { PairSetting, Report } from '../../src/proxy/reports.ts';
import { frameKind, RingReader, RingWriter, ringMemory } from '../../src/proxy/ring.ts';
import { close, errno, Memory } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive, send } from '../../src/sys/transfer.ts';

/** A record as it went into the ring. */
export interface Recorded {
  interfaceNumber: number;
  header: PseudoHeader;
  bytes: Buffer;
  /** Events only. */
  event?: { event: string } & Record<string, unknown>;
}

export const plainPair: PairSetting = {
  name: 'pair',
  frontEnd: { role: 'listen' },
  backEnd: { role: 'listen' },
  waitBackEnd: false,
  preserveSegments: false,
  interpose: true,
  snapLength: {},
  keepSecrets: false,
};

/** What came out of a socket: bytes, and the descriptors with the offset of the read that brought them. */
export interface Taken {
  bytes: Buffer;
  /** Inodes of the descriptors, with the stream offset before the read. */
  fds: { at: number; inodes: number[] }[];
  end: 'open' | 'eof' | 'reset';
}

const buffer = new Memory(1 << 20);

export class Stand {
  readonly reports: Report[] = [];
  readonly relay: Relay;
  readonly reader: RingReader;
  readonly pair;

  constructor(setting: Partial<PairSetting> = {}, ringBytes = 1 << 22) {
    const memory = ringMemory(ringBytes);
    this.reader = new RingReader(memory);
    const hear = (report: Report): void => {
      this.reports.push(report);
      if (report.type === 'close-slowly') close(report.fd);
      if (report.type === 'late-fds') for (const { fd } of report.fds) close(fd);
    };
    this.relay = new Relay(new Recording(new RingWriter(memory), 7n, hear), hear);
    this.pair = this.relay.addPair({ ...plainPair, ...setting });
  }

  /** A new connection; the far ends of both sides. */
  connect(): { front: number; back: number } {
    const [front, ourFront] = socketPair();
    const [back, ourBack] = socketPair();
    this.pair.join(ourFront, ourBack);
    return { front, back };
  }

  /** Lets the relay work until it has nothing left to do. */
  settle(): void {
    for (let idle = 0; idle < 2; ) idle = this.relay.turn(0) === 0 ? idle + 1 : 0;
  }

  /** Every record so far that has not been asked for. */
  records(): Recorded[] {
    const found: Recorded[] = [];
    const { reader } = this;
    while (reader.next()) {
      if (reader.kind !== frameKind.packet) continue;
      const at = reader.bodyAt + pduTags.length;
      const end = reader.bodyAt + reader.bodyBytes;
      const { header, length } = readPseudoHeader(reader.view, at, end);
      const bytes = Buffer.from(reader.bytes.slice(at + length, end));
      const event = header.kind === 'event' ? JSON.parse(bytes.toString()) : undefined;
      found.push({ interfaceNumber: reader.interfaceNumber, header, bytes, ...(event && { event }) });
    }
    reader.release();
    return found;
  }

  /** Takes the records out of the ring without a look at them. */
  forgetRecords(): void {
    while (this.reader.next());
    this.reader.release();
  }

  messages(): Recorded[] {
    return this.records().filter(record => record.header.kind === 'message');
  }

  close(): void {
    this.relay.stop(0);
    this.relay.finished();
    this.relay.close();
  }
}

/** A message of the main channel. */
export function message(id: number, payload: Uint8Array | number[] = [], flags = 1): Buffer {
  const bytes = Buffer.alloc(12 + payload.length);
  bytes.writeUInt32LE(id, 0);
  bytes.writeUInt32LE(flags, 4);
  bytes.writeUInt32LE(payload.length, 8);
  bytes.set(payload, 12);
  return bytes;
}

/** The payload of messages that have one 64-bit number. */
export function u64(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Sends bytes with descriptors; returns how many bytes were taken, or the negative errno. */
export function put(fd: number, bytes: Uint8Array, fds: readonly number[] = []): number {
  buffer.bytes.set(bytes);
  return send(fd, buffer.address, bytes.length, fds);
}

/** Takes what there is, reading at most `most` bytes at once. Received descriptors are closed after a look at them. */
export function take(fd: number, most = 1 << 20): Taken {
  const pieces: Buffer[] = [];
  const taken: Taken = { bytes: Buffer.alloc(0), fds: [], end: 'open' };
  let at = 0;
  for (;;) {
    const result = receive(fd, buffer.address, most);
    const inodes = arrival.fds.map(each => fstatSync(each).ino);
    for (const each of arrival.fds) close(each);
    if (inodes.length > 0) taken.fds.push({ at, inodes });
    if (result > 0) pieces.push(Buffer.from(buffer.bytes.subarray(0, result)));
    if (result > 0) at += result;
    else {
      if (result === 0) taken.end = 'eof';
      else if (result !== -errno.EAGAIN) taken.end = 'reset';
      taken.bytes = Buffer.concat(pieces);
      return taken;
    }
  }
}
