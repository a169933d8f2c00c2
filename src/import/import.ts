/** Makes a capture of a text that tells what was said on a socket. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { packetsOf } from '../capture/packet.ts';
import { isSameFile } from '../capture/same-file.ts';
import type { Piece } from '../capture/section.ts';
import { CaptureWriter } from '../capture/writer.ts';
import { detect } from './formats.ts';
import { linesOf } from './line-source.ts';
import { interfaceName, Scribe, type ScribeOptions } from './scribe.ts';
import { type Complaint, type Format, Source } from './source.ts';

/** What to import, and how. */
export interface ImportOptions {
  /** The text, or `-` for standard input. */
  from: string;
  /** The capture to write. */
  to: string;
  /** What the text is; found out where not given. */
  format?: Format | undefined;
  /** Only the connection on this socket. */
  socket?: string | undefined;
  /** The name of the pair behind a socket. */
  nameOf: (socket: string | undefined) => string;
  device?: number | undefined;
  keepSecrets?: boolean;
  /** Program and version, for the file's head. */
  program?: string;
}

/** What was imported. */
export interface Imported {
  format: Format;
  messages: number;
  connections: number;
  complaints: readonly Complaint[];
  /** Complaints beyond those. */
  unlisted: number;
  /** What is missing as a whole, as sentences. */
  notes: readonly string[];
}

/** A text that nothing can be made of. */
export class ImportError extends Error {
  override name = 'ImportError';
}

/**
 * Writes the capture. Where nothing can be imported, there is none.
 *
 * @throws ImportError where the text has no vhost-user message, CaptureError where a file cannot be read or written
 */
export function importFile(options: ImportOptions): Imported {
  const { from, to, nameOf, socket, device, keepSecrets, program } = options;
  if (isSameFile(from, to)) throw new ImportError(`${from} would be overwritten: give the capture another name`);
  // Standard input can be read once only, and a format is found by looking ahead.
  const lines: Iterable<string> = from === '-' ? [...linesOf(from)] : { [Symbol.iterator]: () => linesOf(from) };
  const format = options.format ?? detect(checked(lines, from));
  if (!format) throw new ImportError(`${from}: neither output of strace, nor log lines of DPDK, nor a transcript`);
  const scribeOptions: ScribeOptions = {
    captureId: randomBytes(8).readBigUInt64LE(),
    device,
    keepSecrets: keepSecrets === true,
  };
  let sink: Sink | undefined;
  let messages = 0;
  const scribe = new Scribe(scribeOptions, piece => {
    if (piece.kind !== 'event') messages++;
    sink ??= new Sink(to, program);
    sink.take(piece);
  });
  const source = new Source(scribe, nameOf, socket);
  try {
    format.read(lines, source);
    if (messages === 0) {
      if (sink) rmSync(to);
      throw new ImportError(nothingIn(options, format, source.complaints));
    }
    const { complaints, unlisted } = source;
    const lacks = [...format.lacks, ...source.notes];
    scribe.event(
      { pair: scribe.pair, session: 0, epoch: 0 },
      { event: 'imported', format: format.name, lacks, complaints: complaints.length + unlisted },
    );
    return { format, messages, connections: scribe.connections, complaints, unlisted, notes: [...source.notes] };
  } finally {
    sink?.close();
  }
}

function* checked(lines: Iterable<string>, from: string): Generator<string, void, undefined> {
  // A pcapng file begins with a line feed, two carriage returns and another line feed.
  let before: string | undefined;
  let number = 0;
  for (const line of lines) {
    if (++number === 2 && before === '' && line === '\r\r') throw new ImportError(`${from} is a capture already`);
    before = line;
    yield line;
  }
}

function nothingIn({ from, socket }: ImportOptions, format: Format, complaints: readonly Complaint[]): string {
  const [first] = complaints;
  const why = first ? `; line ${first.line}: ${first.message}` : '';
  const where = socket === undefined ? '' : ` on ${socket}`;
  return `${from}: ${format.title}, but no vhost-user message${where} in it${why}`;
}

/** The capture being written. */
class Sink {
  readonly #writer: CaptureWriter;
  readonly #interfaces = new Map<string, number>();

  constructor(path: string, program?: string) {
    this.#writer = new CaptureWriter(path, program === undefined ? {} : { userAppl: program });
  }

  take(piece: Piece): void {
    const name = interfaceName(piece.pair, piece.channel);
    const number = this.#interfaces.get(name) ?? this.#writer.addInterface(name);
    this.#interfaces.set(name, number);
    for (const { head, packet } of packetsOf(piece, number)) this.#writer.packet(head, packet, 0, packet.length);
  }

  close(): void {
    this.#writer.close();
    if (this.#writer.failure) throw this.#writer.failure;
  }
}
