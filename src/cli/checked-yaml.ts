/** YAML files, checked as a whole before anything is done; every complaint names line and column. */
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { UsageError } from './usage.ts';

/** A file that is as it should be. */
export interface CheckedYaml<Value> {
  readonly value: Value;
  /** `file:line:column` of the value at a path. */
  placeOf(path: readonly PropertyKey[]): string;
  /** A complaint about the value at a path: `file:line:column: rules[1].do.set: …`. */
  complaint(path: readonly PropertyKey[], message: string): string;
}

/** Reads a YAML text and checks it; throws UsageError with a line for every complaint: `file:line:column: …`. */
export function checkedYaml<Schema extends z.ZodType>(
  source: string,
  file: string,
  schema: Schema,
): CheckedYaml<z.infer<Schema>> {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new UsageError(document.errors.map(error => `${at(error.pos[0])}: ${error.message}`).join('\n'));
  }
  /** Where the value at a path begins, or the nearest thing around it that is there. */
  const placeOf = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] } | undefined)?.range;
      if (range) return at(range[0]);
    }
    return at(0);
  };
  const complaint = (path: readonly PropertyKey[], message: string): string =>
    `${placeOf(path)}: ${shown(path)}${message}`;
  const result = schema.safeParse(document.toJS() ?? {});
  if (result.success) return { value: result.data, placeOf, complaint };
  const complaints = result.error.issues.flatMap(issue => {
    const message = issue.path.length > 0 && !document.hasIn(issue.path) ? 'is missing' : issue.message;
    if (issue.code !== 'unrecognized_keys') return complaint(issue.path, message);
    return issue.keys.map(key => `${placeOf([...issue.path, key])}: ${shown(issue.path)}unknown key '${key}'`);
  });
  throw new UsageError(complaints.join('\n'));
}

/** `pairs[0].device: ` */
function shown(path: readonly PropertyKey[]): string {
  const text = path.map(step => (typeof step === 'number' ? `[${step + 1}]` : `.${String(step)}`)).join('');
  return text ? `${text.slice(1)}: ` : '';
}
