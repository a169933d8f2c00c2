/** Rows in a capture of their own: every record decodes alone, so a part says what the whole said. */
import { rmSync } from 'node:fs';
import { packetsOf } from '../../capture/packet.ts';
import { CaptureWriter } from '../../capture/writer.ts';
import type { Row } from '../row.ts';
import { claim, type Saver, type SavingFormat } from './saver.ts';

/** Bytes that are gathered before they are written. */
const flushBytes = 256 * 1024;

class CaptureSaver implements Saver {
  readonly #path: string;
  readonly #writer: CaptureWriter;
  readonly #interfaces = new Map<string, number>();
  #gathered = 0;

  constructor(path: string) {
    claim(path);
    this.#path = path;
    this.#writer = new CaptureWriter(path);
  }

  add({ frame }: Row, comments: readonly string[]): void {
    const name = `${frame.pair}/${frame.channel}`;
    let number = this.#interfaces.get(name);
    if (number === undefined) {
      number = this.#interfaces.size;
      this.#interfaces.set(name, number);
      this.#writer.addInterface(name);
    }
    for (const [i, { head, packet }] of packetsOf(frame, number).entries()) {
      this.#writer.packet(head, packet, 0, packet.length, i === 0 ? comments : []);
      this.#gathered += packet.length;
    }
    if (this.#gathered >= flushBytes) this.#flush();
  }

  end(): void {
    this.#flush();
    this.#writer.close();
  }

  abandon(): void {
    this.#writer.close();
    rmSync(this.#path, { force: true });
  }

  #flush(): void {
    this.#gathered = 0;
    this.#writer.flush();
    const { failure } = this.#writer;
    if (failure) throw new Error(`cannot write ${this.#path}: ${failure.message}`);
  }
}

/** pcapng, with what people wrote about a record as the comment of its packet. */
export const format: SavingFormat = {
  ending: '.pcapng',
  meaning: 'a capture; notes and marks become packet comments',
  commented: true,
  open: path => new CaptureSaver(path),
};
