/** The rules of an engine that come from files: read at its start, whenever a file changes, and when somebody asks. */
import { resolve } from 'node:path';
import type { RuleFiles } from '../proxy/controlled.ts';
import type { ArmedRule } from '../proxy/hold/rule.ts';
import { readRules, readyMadeRules, ruleFile, watchRules } from './rule-file.ts';

/** Who puts the rules in force, and who hears of it. */
export interface RuleReader {
  /** New rules: `why` they are read, for the recording. */
  inForce(rules: readonly ArmedRule[], why: string): Promise<void>;
  say(line: string): void;
}

/** The files of one engine. */
export class RuleBook implements RuleFiles {
  readonly ready: readonly string[] = readyMadeRules();
  #files: readonly string[];
  #unwatch: () => void = () => {};
  #reader: RuleReader | undefined;

  constructor(files: readonly string[]) {
    this.#files = files;
  }

  get files(): readonly string[] {
    return this.#files.map(file => resolve(file));
  }

  /** The rules as the files have them now; throws UsageError. */
  read(): ArmedRule[] {
    return readRules(this.#files);
  }

  /** Has them read again whenever one of them changes. */
  watch(reader: RuleReader): void {
    this.#reader = reader;
    this.#unwatch();
    const names = this.#files.join(', ');
    this.#unwatch = watchRules(
      this.#files,
      changed => {
        void reader.inForce(changed, names);
        reader.say(`rules read again: ${changed.length} in ${names}`);
      },
      problem => reader.say(`warning: the rules stay as they were: ${problem}`),
    );
  }

  async load(names: readonly string[] | undefined, by: string): Promise<{ rules: number; files: string[] }> {
    const files = names === undefined ? [...this.#files] : names.map(name => ruleFile(name));
    const rules = readRules(files);
    this.#files = files;
    const from = files.length === 0 ? 'no file' : files.join(', ');
    await this.#reader?.inForce(rules, `${from}, read by ${by}`);
    if (this.#reader) this.watch(this.#reader);
    return { rules: rules.length, files };
  }

  close(): void {
    this.#unwatch();
  }
}
