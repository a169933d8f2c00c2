/**
 * Files of rules (`--rules`, docs/intercept.md): what is done to which messages. Checked as a whole; every complaint
 * names line and column.
 */
import { existsSync, readdirSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messagesOf, variantsOf } from '../decode/catalog.ts';
import type { Layout } from '../decode/edit.ts';
import { compileFilter, type Filter } from '../decode/filter/filter.ts';
import { channels } from '../decode/frame.ts';
import { requester } from '../decode/header.ts';
import { didYouMean } from '../decode/syntax-problem.ts';
import { type ArmedRule, armedRule, type Rule } from '../proxy/hold/rule.ts';
import { type Action, tampers } from '../proxy/tamper/index.ts';
import { written } from '../proxy/tamper/written.ts';
import { checkedYaml } from './checked-yaml.ts';
import { Failure, isSystemError, UsageError } from './usage.ts';

const count = z.int().positive();

const filter = written('filter', compileFilter);

/** An action, and where it stands below `do:`. */
interface PlacedAction extends Action {
  readonly path: readonly PropertyKey[];
}

/** What a rule does: keys of `tampers`, in the order in which they stand, in one map or in a list of them. */
const actions = z.unknown().transform((written, context): PlacedAction[] => {
  const maps = Array.isArray(written) ? written.map((map, i) => [map, [i]] as const) : [[written, []] as const];
  const found = maps.flatMap(([map, path]) => actionsIn(map, path, context));
  if (found.length === 0 && context.issues.length === 0)
    context.addIssue({ code: 'custom', message: `expected what to do: one of ${Object.keys(tampers).join(', ')}` });
  return found;
});

function actionsIn(map: unknown, path: readonly PropertyKey[], context: z.RefinementCtx): PlacedAction[] {
  if (typeof map !== 'object' || map === null) return [];
  return Object.entries(map).flatMap(([key, value]) => {
    const tamper = Object.hasOwn(tampers, key) ? tampers[key] : undefined;
    if (tamper === undefined) {
      const message = `unknown key '${key}'${didYouMean(key, Object.keys(tampers))}`;
      context.addIssue({ code: 'custom', message, path: [...path, key] });
      return [];
    }
    const checked = tamper.settings.safeParse(value);
    if (checked.success) return { tamper: key, settings: checked.data, path: [...path, key] };
    for (const issue of checked.error.issues)
      context.addIssue({ code: 'custom', message: complaint(issue), path: [...path, key, ...issue.path] });
    return [];
  });
}

/** What a union complains of is what the last of its forms, the longest, complains of. */
function complaint(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key '${issue.keys.join("', '")}'`;
  if (issue.code !== 'invalid_union') return issue.message;
  // Where one of the forms is what was meant, its own complaint is all there is to say.
  const meant = issue.errors.find(each => each.length > 0 && each.every(({ code }) => code === 'custom'));
  if (meant) return meant.map(complaint).join(', ');
  const inner = issue.errors.map(each => each.map(complaint).join(', ')).filter(text => text !== '');
  return inner.length === 0 ? issue.message : inner.join('; or: ');
}

const rule = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  when: filter.optional(),
  nth: count.optional(),
  every: count.optional(),
  probability: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
  times: count.optional(),
  pair: z.string().optional(),
  session: count.optional(),
  epoch: count.optional(),
  do: actions,
});

const schema = z.strictObject({
  /** What chance follows from, beside a rule's name, in rules that have no seed of their own. */
  seed: z.int().optional(),
  rules: z.array(rule),
});

/** The keys of a file of rules and of each rule, for the reference. */
export const ruleKeys = { file: Object.keys(schema.shape), rule: Object.keys(rule.shape) } as const;

/** The folder of the rules that come with the program. */
const readyMade = join(import.meta.dirname, '../../rules');

/** The names of the files of rules that come with the program. */
export function readyMadeRules(): string[] {
  return readdirSync(readyMade)
    .filter(file => file.endsWith('.yaml'))
    .map(file => file.slice(0, -'.yaml'.length))
    .sort();
}

/** The path of a file of rules: as given, or the one of that name that comes with the program. Throws UsageError. */
export function ruleFile(name: string): string {
  if (existsSync(name)) return name;
  const own = join(readyMade, `${name}.yaml`);
  if (/^[\w-][\w.-]*$/.test(name) && existsSync(own)) return own;
  throw new UsageError(`no file of rules ${name}, nor rules of that name${didYouMean(name, readyMadeRules())}`);
}

/** Reads the text of a file of rules; throws UsageError with a line for every complaint: `file:line:column: …`. */
export function parseRules(source: string, file: string): ArmedRule[] {
  const { value, placeOf, complaint } = checkedYaml(source, file, schema);
  const complaints: string[] = [];
  const rules = value.rules.map(({ when, name, do: list, seed = value.seed, ...rest }, i) => {
    const place = placeOf(['rules', i]);
    const natural = list
      .map(({ tamper, settings }) => tampers[tamper]?.when?.(settings))
      .filter(text => text !== undefined);
    const given = Object.entries({ ...rest, seed }).filter(([, setting]) => setting !== undefined);
    const described: Omit<Rule, 'when' | 'do' | 'name'> = Object.fromEntries(given);
    if (when === undefined && natural.length === 0)
      throw new UsageError(
        `${place}: a rule needs when: a filter, or the words it is to be applied to (when: message for all)`,
      );
    const filter = when ?? natural.map(text => `(${text})`).join(' or ');
    const layouts = layoutsOf(compileFilter(filter));
    for (const { tamper, settings, path } of list)
      for (const { key, message } of tampers[tamper]?.problems?.(settings, layouts) ?? [])
        complaints.push(complaint(['rules', i, 'do', ...path, key], message));
    const actions = list.map(({ tamper, settings }): Action => ({ tamper, settings }));
    return armedRule({ ...described, name: name ?? `rule ${i + 1}`, place, do: actions, when: filter });
  });
  if (complaints.length > 0) throw new UsageError(complaints.join('\n'));
  return rules;
}

/** The layouts of the messages that a filter may match, by what their headers alone tell. */
function layoutsOf(filter: Filter): Layout[] {
  return channels.flatMap(channel =>
    messagesOf[channel].flatMap(spec =>
      [false, true].flatMap(reply => {
        const asks = requester(channel);
        const dir = reply ? (asks === 'front-to-back' ? 'back-to-front' : 'front-to-back') : asks;
        if (filter.head({ kind: 'message', channel, dir, id: spec.id, reply }) === 'no') return [];
        return variantsOf(spec, reply).map(({ payload }) => ({ name: spec.name, struct: payload }));
      }),
    ),
  );
}

/** Reads files of rules; throws UsageError, or a Failure where one cannot be read. */
export function readRules(files: readonly string[]): ArmedRule[] {
  return files.flatMap(file => parseRules(textOf(file), file));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Failure(`${file}: cannot be read: ${error.message}`);
  }
}

/** Milliseconds between two looks at a file of rules. */
const lookMs = 300;

/**
 * Calls `changed` with the rules of all files whenever one of them has changed, and `problem` with a complaint where
 * they cannot be used; what was in force stays so. Returns how to end it.
 */
export function watchRules(
  files: readonly string[],
  changed: (rules: ArmedRule[]) => void,
  problem: (text: string) => void,
): () => void {
  const look = (): void => {
    try {
      changed(readRules(files));
    } catch (error) {
      if (!(error instanceof UsageError) && !(error instanceof Failure)) throw error;
      problem(error.message);
    }
  };
  for (const file of files) watchFile(file, { interval: lookMs, persistent: false }, look);
  return () => {
    for (const file of files) unwatchFile(file, look);
  };
}
