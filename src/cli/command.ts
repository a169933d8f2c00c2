/**
 * What a command of the program is, as data: parsing, `--help`, shell completion and the reference in docs/cli.md are
 * all derived from these definitions, so that they cannot disagree.
 */

/** A positional argument, in commander's notation: `<needed>`, `[optional]`, `<many...>`. */
export interface ArgumentSpec {
  name: string;
  meaning: string;
  /** What the shell completes here; nothing when absent. */
  completes?: 'file' | 'file-then-filter' | readonly string[];
}

/** An option, in commander's notation: `-w, --write <file>`, `--quiet`, `--no-interpose`. */
export interface OptionSpec {
  flags: string;
  meaning: string;
  /** The values allowed; also what the shell completes. */
  choices?: readonly string[];
  default?: string | number | boolean;
  /** Turns the text into the value `run` receives; throws UsageError. */
  parse?: (text: string) => unknown;
  /** May be given more than once: `run` receives a list. */
  repeats?: boolean;
  completes?: 'file';
}

/** A command line worth copying, and what it does. */
export interface Example {
  line: string;
  meaning: string;
}

/** One command. `Options` is the shape `run` receives: keys are the long flags in camelCase, as commander names them. */
export interface Command<Options extends object = object> {
  name: string;
  /** One line, for the list of commands: lower case, no full stop. */
  summary: string;
  /** A few sentences for `--help` and the reference. */
  about: string;
  /** What its first argument can ask for, for `--help` and the reference. */
  verbs?: readonly { usage: string; meaning: string }[];
  arguments: readonly ArgumentSpec[];
  options: readonly OptionSpec[];
  examples: readonly Example[];
  /** Everything from the first positional argument on belongs to another program's command line. */
  passThrough?: boolean;
  /** Goes on when the reader of its output goes away; other commands end quietly then. */
  outlivesOutput?: boolean;
  /** Does the work; resolves to the exit status. */
  run(args: readonly string[], options: Options): Promise<number>;
}
