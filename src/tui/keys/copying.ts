/** Keys that put something into the clipboard of whoever sits at the terminal. */
import { recordJson } from '../../decode/json/record.ts';
import type { Detail } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import { textOf } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import type { Model } from '../model.ts';
import { detailLines } from '../show/detail.ts';
import { spansOf } from '../show/painted.ts';
import { type Step, saying, stay } from '../step.ts';
import { currentDetail } from '../views/detail.ts';
import { rowUnderCursor } from '../views/messages.ts';

/** Characters a terminal surely takes; more is cut off by many. */
const mostCharacters = 74_000;

/** The detail of the very row under the cursor. */
function here(model: Model): Detail | undefined {
  const detail = currentDetail(model);
  return detail?.row.row === rowUnderCursor(model)?.row ? detail : undefined;
}

function copying(what: string, make: (detail: Detail) => string): (model: Model) => Step {
  return model => {
    const detail = here(model);
    if (!detail) return stay(model);
    const text = make(detail);
    if (text.length > mostCharacters)
      return stay(saying(model, `too long for the clipboard: ${text.length} characters`, true));
    return [saying(model, `copied ${what} of ${detail.row.n}`), [{ type: 'copy', text }]];
  };
}

/** The line as it is shown. */
const lineOf = ({ row }: Detail): string => `${row.n} ${textOf(spansOf(row.said))}`;

/** Everything the detail tells, every field open. */
function everythingOf(detail: Detail): string {
  const look = { width: 120, glyphs: glyphsFor(true), toggled: new Set<string>() };
  return detailLines(detail, look)
    .map(({ line }) => textOf(line).trimEnd())
    .join('\n');
}

const hexOf = ({ frame }: Detail): string =>
  Array.from(frame.bytes, byte => byte.toString(16).padStart(2, '0')).join('');

const hasRow = (model: Model): true | string => rowUnderCursor(model) !== undefined || 'there is no message here';

/** Asks for the packet of the record under the cursor, to be opened in Wireshark or for the command that does it. */
function packet(model: Model, open: boolean): Step {
  const row = rowUnderCursor(model);
  return stay(row ? { ...model, pursuit: { kind: 'packet', row: row.row, open } } : model);
}

/** The keys. */
export const copyBindings: readonly Binding[] = [
  {
    keys: ['y t'],
    help: 'copy the line of the message',
    about: 'detail',
    enabled: hasRow,
    run: copying('the line', lineOf),
  },
  {
    keys: ['y d'],
    help: 'copy what the detail tells of the message',
    about: 'detail',
    enabled: hasRow,
    run: copying('the detail', everythingOf),
  },
  {
    keys: ['y j'],
    help: 'copy the message as JSON',
    about: 'detail',
    enabled: hasRow,
    run: copying('the JSON', ({ frame, row }) => JSON.stringify(recordJson(frame, row))),
  },
  {
    keys: ['y h'],
    help: 'copy the bytes of the message in hexadecimal digits',
    about: 'detail',
    enabled: hasRow,
    run: copying('the bytes', hexOf),
  },
  {
    keys: ['y w'],
    help: 'copy the command that opens Wireshark at this record',
    about: 'row',
    enabled: hasRow,
    run: model => packet(model, false),
  },
  {
    keys: ['W'],
    help: 'open Wireshark at this record',
    about: 'row',
    enabled: model => (model.wireshark === true ? hasRow(model) : model.wireshark),
    run: model => packet(model, true),
  },
];
