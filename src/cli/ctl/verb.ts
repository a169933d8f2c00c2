/** What a verb of `vhuscope ctl` is. */
import type { ControlClient, Who } from '../../control/client.ts';
import type { Example, OptionSpec } from '../command.ts';
import { UsageError } from '../usage.ts';

/** Options that every verb has, and those of single verbs. */
export interface CtlFlags {
  name?: string;
  json?: boolean;
  author?: string;
}

/** One verb, done by the engine it names or without one. */
export type Verb<Flags extends CtlFlags = CtlFlags> = {
  /** What stands behind it: `N TEXT…`. */
  usage: string;
  /** For help, after a colon: lower case, no full stop. */
  meaning: string;
  options?: readonly OptionSpec[];
  examples: readonly Example[];
} & (
  | {
      /** Does it, connected to the engine; resolves to the exit status. */
      run(engine: ControlClient, args: readonly string[], flags: Flags): Promise<number>;
    }
  | {
      /** Does it where no one engine is meant. */
      alone(args: readonly string[], flags: Flags): Promise<number>;
    }
);

/** Who we are to an engine. */
export function who({ author }: CtlFlags): Who {
  return { program: 'ctl', ...(author !== undefined && { author }) };
}

/** Reads the number of a record; throws UsageError. */
export function recordNumber(text: string | undefined, what: string): number {
  const value = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw new UsageError(`${what}: expected the number of a record, not '${text ?? ''}'`);
  return value;
}

/** Prints a value: as JSON on one line where that was asked for, else as `lines` makes it. */
export function print<Value>(value: Value, flags: CtlFlags, lines: (value: Value) => readonly string[]): void {
  const text = flags.json ? [JSON.stringify(value, jsonValue)] : lines(value);
  process.stdout.write(text.map(line => `${line}\n`).join(''));
}

/** JSON has neither big integers nor bytes: digits stand for both. */
function jsonValue(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const plain = this[key];
  if (plain instanceof Uint8Array) return Buffer.from(plain).toString('hex');
  return typeof value === 'bigint' ? value.toString() : value;
}
