/** Writing some rows of a trace into a capture of their own: every record decodes alone, so a part says what the whole said. */
import { closeSync, openSync, rmSync } from 'node:fs';
import { packetsOf } from '../capture/packet.ts';
import { CaptureWriter } from '../capture/writer.ts';
import type { Frame } from '../decode/frame.ts';

/** Makes the file, for us alone: a capture that is there is never written over. */
function claim(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' ? 'it is there already, choose another name' : message;
    throw new Error(`cannot save into ${path}: ${why}`, { cause: error });
  }
}

/** Bytes that are gathered before they are written. */
const flushBytes = 256 * 1024;

/** A new capture that rows are put into, one after the other. */
export class Saving {
  readonly path: string;
  readonly #writer: CaptureWriter;
  readonly #interfaces = new Map<string, number>();
  #records = 0;
  #gathered = 0;

  /** Makes the file; throws where it exists already or cannot be made. */
  constructor(path: string) {
    claim(path);
    this.path = path;
    this.#writer = new CaptureWriter(path);
  }

  /** Adds a record. Throws where the disk takes no more. */
  add(frame: Frame): void {
    const name = `${frame.pair}/${frame.channel}`;
    let number = this.#interfaces.get(name);
    if (number === undefined) {
      number = this.#interfaces.size;
      this.#interfaces.set(name, number);
      this.#writer.addInterface(name);
    }
    for (const { head, packet } of packetsOf(frame, number)) {
      this.#writer.packet(head, packet, 0, packet.length);
      this.#gathered += packet.length;
    }
    this.#records++;
    if (this.#gathered >= flushBytes) this.#flush();
  }

  /** Writes what is left, and gives the number of records. */
  end(): number {
    this.#flush();
    this.#writer.close();
    return this.#records;
  }

  /** Takes the file away again. */
  abandon(): void {
    this.#writer.close();
    rmSync(this.path, { force: true });
  }

  #flush(): void {
    this.#gathered = 0;
    this.#writer.flush();
    const { failure } = this.#writer;
    if (failure) throw new Error(`cannot write ${this.path}: ${failure.message}`);
  }
}
