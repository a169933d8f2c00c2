/** Front-ends that name the socket in the option itself: each option is declared, one reader finds them all. */
import { type DeviceGuess, deviceByWord } from './device.ts';
import { type Field, fieldsOf, lastField, type Style } from './fields.ts';
import type { Address, CommandLine, Site } from './site.ts';

/** One option that may name a vhost-user socket. */
export interface OptionForm {
  /** The option's long names with their dashes; what a group captures is `word` below. */
  flag: RegExp;
  /** More than one value may follow (`--fs A B`). */
  many?: boolean;
  style?: Style;
  /** The key whose value is the socket's path. */
  socketKey: string;
  /** Whether these fields are about vhost-user at all. */
  applies?(fields: readonly Field[]): boolean;
  frontEndListens?(fields: readonly Field[]): boolean;
  /** The word that tells the device type. */
  deviceWord(fields: readonly Field[], flagWord: string): string | undefined;
}

/** One value of an option: `text` starts at `offset` in word `index` of the command line. */
interface OptionValue {
  form: OptionForm;
  flag: string;
  flagWord: string;
  index: number;
  offset: number;
  text: string;
}

function* optionValues(argv: readonly string[], forms: readonly OptionForm[]): Generator<OptionValue> {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    const equals = word.indexOf('=');
    const flag = word.startsWith('-') && equals > 0 ? word.slice(0, equals) : word;
    for (const form of forms) {
      const match = form.flag.exec(flag);
      if (!match) continue;
      const found = { form, flag, flagWord: match[1] ?? '' };
      if (flag !== word) yield { ...found, index, offset: equals + 1, text: word.slice(equals + 1) };
      else {
        for (let next = index + 1; next < argv.length; next++) {
          const text = argv[next] as string;
          if (next > index + 1 && (!form.many || text.startsWith('-'))) break;
          yield { ...found, index: next, offset: 0, text };
        }
      }
      break;
    }
  }
}

/** A path as typed on a command line; a leading `@` is nothing special to these programs. */
function pathAddress(path: string): Address {
  return { kind: 'path', path };
}

/** Finds the sockets that the declared options name. */
export function findByForms({ argv }: CommandLine, forms: readonly OptionForm[]): Site[] {
  const sites: Site[] = [];
  for (const { form, flag, flagWord, index, offset, text } of optionValues(argv, forms)) {
    const fields = fieldsOf(text, form.style);
    const socket = lastField(fields, form.socketKey);
    if (!socket || (form.applies && !form.applies(fields))) continue;
    const word = form.deviceWord(fields, flagWord);
    const option = `${flag} ${text}`;
    const device: DeviceGuess | undefined = word === undefined ? undefined : deviceByWord(word, option);
    sites.push({
      option,
      name: lastField(fields, 'id')?.value ?? device?.name ?? 'device',
      ...(device && { device }),
      address: pathAddress(socket.value),
      frontEndListens: form.frontEndListens?.(fields) ?? false,
      source: index,
      edits: path => [{ start: offset + socket.valueStart, end: offset + socket.end, text: path }],
    });
  }
  return sites;
}
