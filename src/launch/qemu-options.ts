/**
 * QEMU's options as groups of fields, whichever way they are written: as `key=value,…` or JSON words of the command
 * line, or as `[group "id"]` sections of a -readconfig file.
 */
import { type Edit, type Field, fieldsOf, lastField, removal, type Style } from './fields.ts';
import { type CommandLine, RewriteError } from './site.ts';

/** One option or section. */
export interface QemuOption {
  group: string;
  id: string | undefined;
  /** The option as people would name it. */
  shown: string;
  /** Index of a word of the command line, or the name of a configuration file. */
  source: number | string;
  fields: readonly Field[];
  /** How it is written; absent for JSON, which is only read. */
  notation?: Notation;
}

/** How to change a field in the text it stands in. */
export interface Notation {
  value(text: string): string;
  field(key: string, text: string): string;
  remove(field: Field): Edit;
}

/** The options looked at, and the key that their first word stands for. */
const firstKeys: Readonly<Record<string, string>> = {
  chardev: 'backend',
  netdev: 'type',
  net: 'type',
  nic: 'type',
  device: 'driver',
  object: 'qom-type',
};

const keyval: Style = { doubledCommas: true };

/** The value of a key, last one first; undefined when absent. */
export function valueFor(option: QemuOption, key: string): string | undefined {
  return lastField(option.fields, key)?.value;
}

/** A switch of QEMU: `server=on`, bare `server`, `noserver`; `otherwise` when absent. */
export function isOn(option: QemuOption, key: string, otherwise: boolean): boolean {
  const field = option.fields.findLast(f => f.key === key || (f.bare && f.key === `no${key}`));
  if (!field) return otherwise;
  return field.bare ? field.key === key : /^(on|yes|true|y)$/.test(field.value);
}

/** The fields a switch may be written as. */
export function fieldsNamed(option: QemuOption, key: string): Field[] {
  return option.fields.filter(field => field.key === key || (field.bare && field.key === `no${key}`));
}

function commaNotation(text: string): Notation {
  return {
    value: value => value.replaceAll(',', ',,'),
    field: (key, value) => `${key}=${value.replaceAll(',', ',,')}`,
    remove: field => removal(field, text),
  };
}

const sectionNotation: Notation = {
  value: value => value,
  field: (key, value) => `  ${key} = "${value}"\n`,
  remove: field => ({ start: field.start, end: field.end, text: '' }),
};

/** A JSON object's members as fields without a place; nested values are left out, none matters here. */
function jsonFields(word: string, shown: string): Field[] {
  let members: unknown;
  try {
    members = JSON.parse(word);
  } catch (error) {
    throw new RewriteError(`${shown}: ${(error as Error).message}`);
  }
  return Object.entries(members ?? {}).map(([key, value]) => ({
    key,
    value: String(value),
    bare: false,
    start: 0,
    end: 0,
    valueStart: 0,
    valueEnd: 0,
  }));
}

function optionOf(group: string, word: string, index: number): QemuOption {
  const shown = `-${group} ${word}`;
  const json = word.startsWith('{');
  const fields = json ? jsonFields(word, shown) : fieldsOf(word, keyval);
  const first = fields[0];
  const firstKey = firstKeys[group] as string;
  if (!json && first?.bare)
    fields[0] = { ...first, key: firstKey, value: first.key.replaceAll(',,', ','), bare: false };
  const option: QemuOption = { group, id: lastField(fields, 'id')?.value, shown, source: index, fields };
  return json ? option : { ...option, notation: commaNotation(word) };
}

function* wordsAfter(argv: readonly string[], names: RegExp): Generator<{ name: string; word: string; index: number }> {
  for (let at = 0; at + 1 < argv.length; at++) {
    const match = names.exec(argv[at] as string);
    if (match) yield { name: match[1] as string, word: argv[at + 1] as string, index: at + 1 };
  }
}

/** The files named by -readconfig. */
export function configFiles(argv: readonly string[]): { file: string; index: number }[] {
  return [...wordsAfter(argv, /^--?(readconfig)$/)].map(({ word, index }) => ({ file: word, index }));
}

/** The sections of a -readconfig file that matter here. Other lines are skipped: QEMU itself complains about them. */
export function sectionsOf(file: string, text: string): QemuOption[] {
  const sections: QemuOption[] = [];
  let fields: Field[] = [];
  let start = 0;
  for (const line of text.split(/(?<=\n)/)) {
    const end = start + line.length;
    const head = /^\s*\[\s*([\w-]+)(?:\s+"([^"]*)")?\s*\]/.exec(line);
    const member = /^(\s*([\w.-]+)\s*=\s*")([^"]*)"/.exec(line);
    if (head) {
      fields = [];
      const [, group = '', id] = head;
      const shown = `-readconfig ${file}: ${line.trim()}`;
      sections.push({ group, id, shown, source: file, fields, notation: sectionNotation });
    } else if (member) {
      const [, before = '', key = '', value = ''] = member;
      const valueStart = start + before.length;
      fields.push({ key, value, bare: false, start, end, valueStart, valueEnd: valueStart + value.length });
    }
    start = end;
  }
  return sections.filter(section => section.group in firstKeys);
}

/** All options and sections that can name a chardev, or are one. */
export function qemuOptions({ argv, files }: CommandLine): QemuOption[] {
  const flag = new RegExp(`^--?(${Object.keys(firstKeys).join('|')})$`);
  const words = [...wordsAfter(argv, flag)].map(({ name, word, index }) => optionOf(name, word, index));
  const sections = configFiles(argv).flatMap(({ file }) => sectionsOf(file, files.get(file) ?? ''));
  return [...sections, ...words];
}

/** What -set changes: `-set chardev.c0.path=…` as group, id and key. */
export function settings(argv: readonly string[]): { shown: string; group: string; id: string; key: string }[] {
  return [...wordsAfter(argv, /^--?(set)$/)].flatMap(({ word }) => {
    const [whole, group = '', id = '', key = ''] = /^(\w+)\.([^=]+)\.([\w-]+)=/.exec(word) ?? [];
    return whole === undefined ? [] : [{ shown: `-set ${word}`, group, id, key }];
  });
}
