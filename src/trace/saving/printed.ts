/** Rows as text, in the forms that `read` prints. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { fieldNamed, type Selector } from '../../decode/filter/filter.ts';
import { columnsForm, type Form, jsonForm, lineForm, rawForm } from '../../decode/forms.ts';
import { LineBuffer } from '../../decode/line-buffer.ts';
import type { Row } from '../row.ts';
import { claim, type Saver, type SavingFormat } from './saver.ts';

/** Bytes that are gathered before they are written. */
const flushBytes = 256 * 1024;

class PrintedSaver implements Saver {
  readonly #path: string;
  readonly #fd: number;
  readonly #out = new LineBuffer(flushBytes + 64 * 1024);
  readonly #form: Form;

  constructor(path: string, form: (out: LineBuffer) => Form) {
    claim(path);
    this.#path = path;
    this.#fd = openSync(path, 'a');
    this.#form = form(this.#out);
  }

  add(row: Row): void {
    this.#form(row.frame, row);
    if (this.#out.length >= flushBytes) this.#flush();
  }

  end(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  abandon(): void {
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }

  #flush(): void {
    const { bytes } = this.#out;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#out.truncate(0);
  }
}

/** Columns of a table: one row of it for each record. */
const columns = 'n t pair session epoch channel dir type name size fds answers latency_ns phase problems bytes'
  .split(' ')
  .map(name => fieldNamed(name) as Selector);

const printed = (ending: string, meaning: string, form: (out: LineBuffer) => Form, labelled = false): SavingFormat => ({
  ...{ ending, meaning, open: path => new PrintedSaver(path, form) },
  ...(labelled && { labelled }),
});

/** A line each. */
export const text = printed('.txt', 'a line for each record', lineForm(false));
/** JSON objects. */
export const json = printed(
  '.json',
  'a JSON object for each record, on a line (docs/records.md)',
  jsonForm(false),
  true,
);
/** A table. */
export const table = printed('.csv', 'a table with a row for each record', columnsForm(columns, true), true);
/** Bytes. */
export const hex = printed('.hex', 'the bytes of each message in hexadecimal digits, on a line', rawForm());
