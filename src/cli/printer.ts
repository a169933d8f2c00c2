/** Records on standard output: forms that depend on what it is, and who writes them there. */
import { once } from 'node:events';
import type { Form } from '../decode/forms.ts';
import type { Frame } from '../decode/frame.ts';
import { LineBuffer } from '../decode/line-buffer.ts';
import { writeBody, writeDump, writeLabel, writeTree } from '../decode/text/detail.ts';
import { jsonBody } from '../decode/text/event.ts';
import { LineWriter } from '../decode/text/line.ts';
import { inColour, inPlain } from '../decode/text/paint.ts';
import type { RecordFacts } from '../decode/timing.ts';
import { decodeTree } from '../decode/tree.ts';
import { cutLine, type Surface } from './terminal.ts';

const lineEnd = 0x0a;

/** One line for each record. */
export function textForm(surface: Surface): (out: LineBuffer) => Form {
  return out => {
    const { width, ascii } = surface;
    const lines = new LineWriter(surface, out);
    return (frame, facts) => {
      const start = out.length;
      lines.write(frame, facts);
      if (width !== undefined) {
        const line = out.textFrom(start);
        out.truncate(start);
        out.text(cutLine(line, width, ascii));
      }
      out.byte(lineEnd);
    };
  };
}

/** What stands below each line. */
export interface Detail {
  /** Every field, with its place. */
  tree?: boolean;
  /** The bytes. */
  dump?: boolean;
}

/** One line for each record, and below it what it consists of. */
export function detailForm(surface: Surface, { tree, dump }: Detail): (out: LineBuffer) => Form {
  return out => {
    const colours = surface.colour ? inColour : inPlain;
    const line = textForm(surface)(out);
    return (frame, facts) => {
      line(frame, facts);
      if (frame.kind === 'event' || frame.kind === 'finding') {
        if (tree) writeBody(out, jsonBody(frame) ?? {});
        return;
      }
      if (tree) writeLabel(out, colours, facts);
      if (tree && frame.kind === 'message') {
        const fdCount = frame.fdCount ?? frame.fds.length;
        writeTree(out, colours, decodeTree(frame.bytes, { ...frame, dir: frame.dir, fdCount }).nodes);
      }
      if (dump) writeDump(out, colours, frame.bytes);
    };
  };
}

/** Bytes gathered before they are written. */
const enough = 256 * 1024;

/** Prints records in one form. Waits for a reader that is slow; memory is bounded by one record. */
export class Printer {
  readonly #out = new LineBuffer(enough + 64 * 1024);
  readonly #form: Form;
  readonly #stream: NodeJS.WritableStream;

  constructor(form: (out: LineBuffer) => Form, stream: NodeJS.WritableStream = process.stdout) {
    this.#form = form(this.#out);
    this.#stream = stream;
  }

  /** Takes a record; true when so much is gathered that `flush` should be awaited. */
  print(frame: Frame, facts: RecordFacts): boolean {
    this.#form(frame, facts);
    return this.#out.length >= enough;
  }

  /** Writes what is gathered. */
  async flush(): Promise<void> {
    if (this.#out.length === 0) return;
    // The stream may keep what it is given, and the buffer is used again.
    const bytes = this.#out.bytes.slice();
    this.#out.truncate(0);
    if (!this.#stream.write(bytes)) await once(this.#stream, 'drain');
  }
}
