/**
 * The list of all names that filters in Wireshark may use, each with its type. People keep filters, so a name is for
 * ever: the list is kept in the repository and only grows.
 */
import type { FilterType } from './lua/filter-field.ts';
import { protocolTables } from './lua/protocol.ts';
import { recordTables } from './lua/record.ts';

/** Every field of the dissectors as they are now, by its whole name. */
export function wiresharkFields(): Map<string, FilterType> {
  const dissectors = {
    vhost_user: protocolTables('vhost_user').fields,
    vhost_user_gpu: protocolTables('vhost_user_gpu').fields,
    vhuscope: recordTables().fields,
  };
  return new Map(
    Object.entries(dissectors).flatMap(([dissector, fields]) =>
      fields.list().map(({ id, type }) => [`${dissector}.${id}`, type] as const),
    ),
  );
}

/** The names and types of a list, one a line. */
export function parseFieldList(text: string): [name: string, type: string][] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [name = '', type = ''] = line.split(' ');
      return [name, type];
    });
}

/** The list with the fields that are new. What it has already stays, also where no dissector has it any more. */
export function grownFieldList(text: string): string {
  const kept = parseFieldList(text);
  const names = new Set(kept.map(([name]) => name));
  const grown = [...kept, ...[...wiresharkFields()].filter(([name]) => !names.has(name))];
  const lines = grown.map(([name, type]) => `${name} ${type}`).sort();
  return `# Filter names in Wireshark, and their types. They are for ever: npm run generate adds to this list and takes nothing away.\n${lines.join('\n')}\n`;
}
