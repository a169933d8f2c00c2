/** The text about filters, docs/filters.md, from the tables the language is made of. */

import { completeFilter } from '../../decode/filter/complete.ts';
import { payloadFields } from '../../decode/filter/payload-fields.ts';
import { recordFields } from '../../decode/filter/record-fields.ts';
import type { Selector } from '../../decode/filter/selector.ts';
import { eventNames } from '../../decode/filter/words.ts';
import { channels } from '../../decode/frame.ts';

/** The text of docs/filters.md; `introduction` is what stands before the tables. */
export function filtersText(introduction: string): string {
  const operators = completeFilter('n ').offers;
  return [
    introduction.trimEnd(),
    '',
    '## Operators',
    '',
    ...table(
      ['operator', 'matches when the value is'],
      operators.map(({ word, meaning }) => [code(word), meaning]),
    ),
    '',
    '## Words',
    '',
    `\`request\`, \`reply\`, \`message\`, \`event\`, \`finding\` and \`raw\` are kinds of record; ${channels.map(code).join(', ')} channels; \`front-to-back\` and \`back-to-front\` directions. Events can be asked for by name: ${eventNames.map(code).join(', ')}.`,
    '',
    '## Fields of every record',
    '',
    ...table(
      ['field', 'meaning'],
      recordFields.map(({ name, doc }) => [code(name), doc]),
    ),
    '',
    '## Fields of payloads',
    '',
    'By meaning, one name wherever a field occurs; the Wireshark dissector has the same names behind `vhost_user.`. A field that stands in a list has several values, and matches when one of them does. Fields of a configuration space have a short name as well, `config.capacity` for `config.blk.capacity`: of whichever device the record is about, where all devices that have it mean the same kind of value.',
    '',
    ...table(
      ['field', 'meaning', 'values'],
      meaningful().map(({ name, doc, names = [] }) => [code(name), doc, values(names)]),
    ),
    '',
  ].join('\n');
}

/** The fields by meaning, without the bits of masks. */
function meaningful(): Selector[] {
  const found = [...payloadFields().values()].filter(({ byPath, mask }) => !byPath && mask === undefined);
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function values(names: readonly string[]): string {
  const shown = names.slice(0, 8).map(code).join(' ');
  return names.length > 8 ? `${shown} …` : shown;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
