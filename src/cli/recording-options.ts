/** The options that every command with an engine shares: where to record, what to show, how to treat a pair. */
import { pointAt, SyntaxProblem } from '../decode/syntax-problem.ts';
import { breakpoint } from '../proxy/breakpoint.ts';
import { type ArmedRule, armedRule } from '../proxy/hold/rule.ts';
import type { OptionSpec } from './command.ts';
import { type OwnedFlags, tuiOption } from './owned.ts';
import { ruleFile } from './rule-file.ts';
import type { ServeOptions } from './serve.ts';
import { byteSize, UsageError, wholeNumber } from './usage.ts';

/** Values of `captureOptions`. */
export interface CaptureFlags extends OwnedFlags {
  rotate?: number | 'ctl';
  keep?: number;
  fsync?: number;
  requireCapture?: boolean;
  quiet?: boolean;
  name?: string;
  hold?: string[];
  rules?: string[];
  holdFor?: number;
  holdForever?: boolean;
}

/** Values of `pairOptions`. */
export interface PairFlags {
  waitBackEnd?: boolean;
  preserveSegments?: boolean;
  /** False where switched off. */
  interpose: boolean;
  snaplen?: number;
  keepSecrets?: boolean;
}

/** Where to record and what to show. */
export const captureOptions: readonly OptionSpec[] = [
  { flags: '-w, --write <file>', meaning: 'record into this pcapng file; - is stdout', completes: 'file' },
  { flags: '--print', meaning: 'print the messages on stdout as they come; done anyway without -w' },
  { flags: '--json', meaning: 'print them as JSON, one object a line' },
  tuiOption,
  { flags: '--quiet', meaning: 'print no status lines' },
  {
    flags: '--rotate <size>',
    meaning: 'go on in a new file after so many bytes (100M, 1G), and when vhuscope ctl rotate asks; ctl: only then',
    parse: text => (text === 'ctl' ? text : byteSize('--rotate', 'ctl')(text)),
  },
  { flags: '--keep <n>', meaning: 'keep only the last n files of a rotation', parse: wholeNumber('--keep', 1) },
  {
    flags: '--fsync <ms>',
    meaning: 'have the disk store the capture at least so often',
    parse: wholeNumber('--fsync', 1),
  },
  { flags: '--require-capture', meaning: 'close the connections rather than let one go on unrecorded' },
  { flags: '--name <name>', meaning: 'name of this engine for vhuscope ctl; else that of the first pair' },
  { flags: '--no-control', meaning: 'have no control socket' },
  {
    flags: '--rules <file>',
    meaning: 'treat messages as this YAML file says, or rules that come with vhuscope; read again when it changes',
    repeats: true,
    completes: 'file',
  },
  {
    flags: '--hold <filter>',
    meaning: 'hold messages that match, for vhuscope ctl to look at and let go (docs/intercept.md)',
    repeats: true,
  },
  { flags: '--hold-for <seconds>', meaning: 'let go after so long; else 30', parse: wholeNumber('--hold-for', 1) },
  { flags: '--hold-forever', meaning: 'never let go by itself' },
];

/** How to treat a pair. */
export const pairOptions: readonly OptionSpec[] = [
  { flags: '--wait-back-end', meaning: 'accept front-ends while the back-end is absent, and keep them waiting' },
  { flags: '--preserve-segments', meaning: 'send messages on in the pieces in which they arrived' },
  { flags: '--no-interpose', meaning: 'do not record the sockets that are passed over the main connection' },
  {
    flags: '--snaplen <size>',
    meaning: 'record at most so many bytes of a message (gpu channel: 4K unless given)',
    parse: byteSize('--snaplen'),
  },
  { flags: '--keep-secrets', meaning: 'record the keys of crypto sessions as they are' },
];

/** The breakpoints of the command line. */
function breakpointsFrom({ hold = [], holdFor, holdForever }: CaptureFlags): ArmedRule[] {
  if (hold.length === 0 && (holdFor !== undefined || holdForever)) throw new UsageError('--hold-for needs --hold');
  if (holdFor !== undefined && holdForever) throw new UsageError('--hold-for and --hold-forever contradict each other');
  const ms = holdFor === undefined ? undefined : holdFor * 1000;
  return hold.map((filter, i) => {
    try {
      return armedRule(
        breakpoint({ filter, ms, forever: holdForever }, hold.length === 1 ? '--hold' : `--hold ${i + 1}`),
      );
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      throw new UsageError(`--hold: ${pointAt(filter, error)}`);
    }
  });
}

/** What to serve with, apart from the pairs; throws UsageError for options that contradict each other. */
export function servingFrom(flags: CaptureFlags): Omit<ServeOptions, 'pairs'> {
  const { write, rotate, keep, fsync, requireCapture, quiet = false, name, control = true } = flags;
  if (name !== undefined && !control) throw new UsageError('--name needs a control socket, --no-control has none');
  const print = flags.json ? 'json' : flags.print || (write === undefined && !quiet) ? 'text' : undefined;
  if (write === '-' && print)
    throw new UsageError(`-w - and --${flags.json ? 'json' : 'print'} would both write to stdout`);
  if (keep !== undefined && rotate === undefined) throw new UsageError('--keep needs --rotate');
  if (requireCapture && write === undefined) throw new UsageError('--require-capture needs -w');
  if (rotate !== undefined && (write === undefined || write === '-'))
    throw new UsageError('--rotate needs -w with a file');
  return {
    capture: {
      ...(write !== undefined && { path: write === '-' ? '/dev/stdout' : write }),
      ...(rotate !== undefined && {
        rotation: { ...(rotate !== 'ctl' && { size: rotate }), ...(keep !== undefined && { keep }) },
      }),
      ...(fsync !== undefined && { fsyncMs: fsync }),
      ...(requireCapture && { required: true }),
    },
    ...(print && { print }),
    ...(name !== undefined && { name }),
    ...(!control && { uncontrolled: true }),
    breakpoints: breakpointsFrom(flags),
    ruleFiles: (flags.rules ?? []).map(ruleFile),
    quiet,
  };
}
