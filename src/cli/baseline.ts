/** Findings that are known already: a file of them, so that a check complains of new ones only. */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Finding } from '../decode/check/rule.ts';
import { Failure } from './usage.ts';

const known = z.object({ rule: z.string(), side: z.string().optional(), message: z.string() });
const file = z.object({ version: z.literal(1), findings: z.array(known) });

/** A known finding: what it says, whatever the record, capture and addresses. */
export type Known = z.infer<typeof known>;

/** What makes two findings the same: addresses differ in every run. */
function keyOf({ rule, side, message }: Pick<Finding, 'rule' | 'side' | 'message'> | Known): string {
  return `${rule}\0${side ?? ''}\0${message.replace(/0x[0-9a-f]{5,}/g, '0x…')}`;
}

/** Findings that are known. */
export class Baseline {
  readonly #keys: ReadonlySet<string>;
  readonly #seen = new Set<string>();

  constructor(findings: readonly Known[]) {
    this.#keys = new Set(findings.map(keyOf));
  }

  /** Whether a finding is known; it then counts as seen. */
  has(finding: Finding): boolean {
    const key = keyOf(finding);
    if (this.#keys.has(key)) this.#seen.add(key);
    return this.#keys.has(key);
  }

  /** How many of the known ones were seen, and how many are gone. */
  get counts(): { readonly seen: number; readonly gone: number } {
    return { seen: this.#seen.size, gone: this.#keys.size - this.#seen.size };
  }
}

/** Reads a baseline; throws a Failure that says what is wrong with the file. */
export function readBaseline(path: string): Baseline {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Failure(`cannot read the baseline ${path}; --write-baseline makes one`, { cause });
  }
  try {
    return new Baseline(file.parse(JSON.parse(text)).findings);
  } catch (cause) {
    throw new Failure(`${path} is no baseline of vhuscope; --write-baseline makes one`, { cause });
  }
}

/** Writes the findings as known ones, each once. */
export function writeBaseline(path: string, findings: readonly Finding[]): number {
  const once = new Map(findings.map(one => [keyOf(one), one]));
  const listed = [...once.values()].map(({ rule, side, message }) => ({ rule, ...(side && { side }), message }));
  listed.sort((a, b) => (`${a.rule}${a.message}` < `${b.rule}${b.message}` ? -1 : 1));
  writeFileSync(path, `${JSON.stringify({ version: 1, findings: listed }, null, 2)}\n`);
  return listed.length;
}
