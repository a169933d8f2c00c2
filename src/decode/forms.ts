/** The forms in which records are printed and exported. Each puts one record into a buffer, line end included. */
import { type Selector, Subject, shownValue } from './filter/filter.ts';
import type { Frame } from './frame.ts';
import { JsonWriter } from './json/record.ts';
import type { LineBuffer } from './line-buffer.ts';
import type { Message } from './message.ts';
import { LineWriter } from './text/line.ts';
import type { RecordFacts } from './timing.ts';

/** Puts a record into a buffer; which buffer is said when the form is made. */
export type Form = (frame: Frame, facts: RecordFacts & { readonly message?: Message | undefined }) => void;

const lineEnd = 0x0a;

/** One line for each record, whole and without colours. */
export function lineForm(ascii: boolean): (out: LineBuffer) => Form {
  return out => {
    const lines = new LineWriter({ ascii }, out);
    return (frame, facts) => {
      lines.write(frame, facts);
      out.byte(lineEnd);
    };
  };
}

/** One JSON object for each record, on a line. */
export function jsonForm(raw: boolean): (out: LineBuffer) => Form {
  return out => {
    const records = new JsonWriter({ raw }, out);
    return (frame, facts) => {
      records.write(frame, facts, facts.message);
      out.byte(lineEnd);
    };
  };
}

/** The bytes of each message as hexadecimal digits. */
export function rawForm(): (out: LineBuffer) => Form {
  return out => frame => {
    if (frame.kind !== 'message' && frame.kind !== 'raw') return;
    out.hexBytes(frame.bytes, 0, frame.bytes.length);
    out.byte(lineEnd);
  };
}

/** The values of some fields, in columns. Several values of one field stand in a column, with commas in between. */
export function columnsForm(fields: readonly Selector[], csv: boolean): (out: LineBuffer) => Form {
  return out => {
    const row = (cells: readonly string[]): void => {
      out.text(csv ? cells.map(quotedCell).join(',') : cells.join('\t'));
      out.byte(lineEnd);
    };
    if (csv) row(fields.map(({ name }) => name));
    return (frame, facts) => {
      const subject = new Subject(frame, facts);
      row(
        fields.map(field =>
          field
            .values(subject)
            .map(value => shownValue(field, value))
            .join(','),
        ),
      );
    };
  };
}

function quotedCell(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
