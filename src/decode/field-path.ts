/**
 * Fields of messages by path, as people and rules name them: `num`, `regions[1].size`, `memory_sizes[3]`,
 * `config.capacity`, `config.blk.capacity`. Names by meaning, as filters have them (`vring.index`), stand for the field
 * of a message that has this meaning. This is what is declared; assign.ts puts values where they lie.
 */
import { isHere } from './device-config.ts';
import { meaning } from './meaning.ts';
import type { ConfigField, NamedField, Part, Struct, WordField } from './schema.ts';
import { type DeviceSpec, deviceById, deviceByName, devices } from './spec/devices/index.ts';
import { didYouMean, SyntaxProblem } from './syntax-problem.ts';
import { valueNames } from './text/layout.ts';
import type { Cursor } from './text/syntax.ts';

/** One name of a path, with the entry of a list where it says one. */
export interface PathStep {
  readonly name: string;
  readonly index?: number;
}

/** A path as it was written. */
export interface FieldPath {
  readonly text: string;
  /** Its place in what was written. */
  readonly column: number;
  readonly steps: readonly PathStep[];
}

/** What a path names in a layout. */
export type Declared =
  /** A whole field, or with `index` an entry of it. */
  | { readonly what: 'field'; readonly field: NamedField; readonly index?: number }
  /** Part of a word. */
  | { readonly what: 'part'; readonly field: NamedField & WordField; readonly name: string; readonly part: Part }
  /** A field of the device configuration space, within the field that carries a window of it. */
  | {
      readonly what: 'config';
      readonly field: NamedField & ConfigField;
      readonly device: DeviceSpec;
      readonly layout: Struct;
      readonly inner: NamedField;
    };

/** A path that was found: the steps to the layout that has the field, and the field. */
export interface Found {
  readonly within: readonly PathStep[];
  readonly struct: Struct;
  readonly declared: Declared;
}

const pathForm = /[a-z_][a-z0-9_]*(?:\[\d+\])?(?:\.[a-z0-9_]+(?:\[\d+\])?)*(?==)/iy;

/** Reads a path with the `=` behind it; undefined where there is none. */
export function takePath(cursor: Cursor): FieldPath | undefined {
  const column = cursor.at;
  const text = cursor.take(pathForm)?.[0];
  if (text === undefined) return undefined;
  cursor.at++;
  const steps = text.split('.').map((step): PathStep => {
    const [, name = '', index] = /^(\w+)(?:\[(\d+)\])?$/.exec(step) ?? [];
    return index === undefined ? { name } : { name, index: Number(index) };
  });
  return { text, column, steps };
}

/** Which device types' configuration spaces a path may mean: one, any of them, or one that is not known. */
export type DeviceChoice = number | 'any' | undefined;

/**
 * What a path names in a layout.
 *
 * @param of the message, for what is said where it names nothing
 * @param device the device type of the connection; `any` where each may be meant
 * @throws SyntaxProblem with the names there are, and the nearest of them
 */
export function foundIn(struct: Struct, path: FieldPath, of: string, device: DeviceChoice): Found {
  return byMeaning(struct, path) ?? walk(struct, withoutPayload(struct, path), of, device);
}

/** `payload.num`, which filters take for `num`. */
function withoutPayload(struct: Struct, path: FieldPath): FieldPath {
  const [first, ...steps] = path.steps;
  const spare = first?.name === 'payload' && first.index === undefined && steps.length > 0;
  return spare && !struct.list.some(({ name }) => name === 'payload') ? { ...path, steps } : path;
}

/** The only field that has this name by meaning; those within lists have none to themselves. */
function byMeaning(struct: Struct, { text }: FieldPath): Found | undefined {
  if (!text.includes('.')) return undefined;
  const found = meant(struct, text, []);
  return found.length === 1 ? found[0] : undefined;
}

function meant(struct: Struct, name: string, within: readonly PathStep[]): Found[] {
  return struct.list.flatMap((field): Found[] => {
    if (field.kind === 'group') return meant(field.of, name, [...within, { name: field.name }]);
    if (field.kind === 'word')
      return Object.entries(field.parts).flatMap(([part, declared]) =>
        meaning(struct, { ...declared, name: part }) === name
          ? [{ within, struct, declared: { what: 'part', field, name: part, part: declared } }]
          : [],
      );
    if (field.kind === 'array' || field.kind === 'pad' || meaning(struct, field) !== name) return [];
    return [{ within, struct, declared: { what: 'field', field } }];
  });
}

function walk(whole: Struct, path: FieldPath, of: string, device: DeviceChoice): Found {
  let struct = whole;
  const within: PathStep[] = [];
  for (const [i, step] of path.steps.entries()) {
    const here = [...within, step].map(shown).join('.');
    const rest = path.steps.slice(i + 1);
    const problem = (message: string) => new SyntaxProblem(message, path.column);
    const declared = declaredAs(struct, step.name);
    if (!declared) throw problem(noField(within.length === 0 ? of : within.map(shown).join('.'), step.name, struct));
    const { field } = declared;
    const listed = declared.what === 'field' && (field.kind === 'array' || field.kind === 'table');
    if (step.index !== undefined && !listed) throw problem(`${step.name} is no list, it has no [${step.index}]`);
    if (rest.length === 0) {
      const { index } = step;
      const entry = index !== undefined && declared.what === 'field';
      return { within, struct, declared: entry ? { ...declared, index } : declared };
    }
    if (field.kind === 'config' && declared.what === 'field')
      return { within, struct, declared: inConfig(field, rest, device, problem) };
    if (field.kind === 'array' && step.index === undefined)
      throw problem(`${here} is a list: ${here}[0].${rest.map(shown).join('.')} is its first entry's`);
    if ((field.kind !== 'group' && field.kind !== 'array') || declared.what !== 'field')
      throw problem(`${here} has no fields of its own`);
    within.push(step);
    struct = field.of;
  }
  throw new SyntaxProblem('expected a field', path.column);
}

const shown = ({ name, index }: PathStep): string => (index === undefined ? name : `${name}[${index}]`);

/** The field or part of a word of that name. */
export function declaredAs(struct: Struct, name: string): Exclude<Declared, { what: 'config' }> | undefined {
  for (const field of struct.list) {
    const part = field.kind === 'word' && Object.hasOwn(field.parts, name) ? field.parts[name] : undefined;
    if (part && field.kind === 'word') return { what: 'part', field, name, part };
  }
  const field = struct.list.find(one => one.name === name);
  return field && { what: 'field', field };
}

/** The field of a configuration space that is named below the one that carries it, by itself or behind its device. */
function inConfig(
  field: NamedField & ConfigField,
  steps: readonly PathStep[],
  choice: DeviceChoice,
  problem: (message: string) => SyntaxProblem,
): Declared {
  const names = steps.map(shown);
  const own = typeof choice === 'number' ? deviceById(choice) : undefined;
  const named = names.length > 1 ? deviceByName(names[0] as string) : undefined;
  const [name = '', ...more] = named || names.length > 1 ? names.slice(1) : names;
  if (names.length > 1 && !named)
    throw problem(`no device is called ${names[0]}${didYouMean(names[0] as string, deviceNames)}`);
  if (more.length > 0) throw problem(`config.${names.slice(0, 2).join('.')} has no fields of its own`);
  if (named && own && named !== own)
    throw problem(`the device is ${own.name}, config.${named.name} is that of another`);
  const among = named ?? own;
  if (!among && choice !== 'any')
    throw problem(
      `the device is not known, nor what its configuration space has: name it, as in config.blk.${name}, or say it with --device`,
    );
  const candidates = among ? [among] : devices;
  for (const device of candidates) {
    const inner = device.config?.list.find(one => one.name === name);
    if (inner && device.config) return { what: 'config', field, device, layout: device.config, inner };
  }
  if (!among)
    throw problem(`no device has ${name} in its configuration space${didYouMean(name, configNames(devices))}`);
  if (!among.config) throw problem(`no configuration space is known of ${among.name}`);
  throw problem(`the configuration space of ${among.name} has no ${name}${alternatives(name, configNames([among]))}`);
}

const deviceNames = devices.filter(({ config }) => config !== undefined).map(({ name }) => name);
const configNames = (of: readonly DeviceSpec[]): string[] =>
  of.flatMap(({ config }) => (config ? config.list.filter(isHere).map(({ name }) => name) : []));

/** What is said of a name that names nothing: the nearest one, and those there are. */
export function noField(of: string, name: string, struct: Struct): string {
  const names = valueNames(struct);
  const deeper = names.includes(name) ? [] : pathsTo(struct, name);
  const nearest = deeper.length > 0 ? ` (did you mean ${deeper[0]}?)` : '';
  return `${of} has no field ${name}${nearest}${nearest === '' ? alternatives(name, names) : `; it has ${names.join(', ')}`}`;
}

/** Names listed in full; of more the first are. */
const mostNames = 16;

function alternatives(name: string, names: readonly string[]): string {
  if (names.length === 0) return ', nor any';
  const more = names.length - mostNames;
  const listed = names.slice(0, mostNames).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const near = didYouMean(name, names);
  return near === '' ? `, it has ${listed}` : `${near}; it has ${listed}`;
}

/** Paths to fields of that name within groups, lists and configuration spaces. */
function pathsTo(struct: Struct, name: string): string[] {
  return struct.list.flatMap((field): string[] => {
    if (field.kind === 'config') return configNames(devices).includes(name) ? [`${field.name}.${name}`] : [];
    if (field.kind !== 'group' && field.kind !== 'array') return [];
    const here = field.kind === 'array' ? `${field.name}[0]` : field.name;
    return (valueNames(field.of).includes(name) ? [name] : pathsTo(field.of, name)).map(one => `${here}.${one}`);
  });
}
