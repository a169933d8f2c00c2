import { CaptureError } from '../capture/capture-error.ts';
import { severities } from '../decode/check/groups.ts';
import type { Finding, Severity } from '../decode/check/rule.ts';
import { rules } from '../decode/check/rules/index.ts';
import { counted } from '../decode/counted.ts';
import { type CheckResult, findingsFormats } from '../export/findings/index.ts';
import { examine } from '../trace/examination.ts';
import type { Baseline } from './baseline.ts';
import type { Command } from './command.ts';
import type { ConformanceOptions } from './conformance.ts';
import { checkMigration } from './migration.ts';
import { shownOn, surfaceOf } from './terminal.ts';
import { Failure, UsageError, wholeNumber } from './usage.ts';

interface CheckOptions extends ConformanceOptions {
  rule?: readonly string[];
  severity?: Severity;
  baseline?: string;
  writeBaseline?: string;
  live?: boolean;
  migration?: boolean;
}

/** The formats that an option asks for. */
const askedFor = findingsFormats.flatMap(format =>
  format.meaning === undefined ? [] : [{ ...format, meaning: format.meaning }],
);

/** `vhuscope check`: rules and diagnoses over captures, or probes of a running implementation. */
export const command: Command<CheckOptions> = {
  name: 'check',
  summary: 'say what is wrong in a capture or with an implementation, who is to blame and what to do',
  about:
    'Checks captures against the rules of the protocol and tells what usually lies behind what happened. ' +
    'The exit status is 1 where there is an error, 0 otherwise. With --live it goes on while the capture grows, with ' +
    '--migration both sides of a migration are held against each other (docs/check.md). With --back-end or --front-end there is no capture: ' +
    'vhuscope plays the other side itself, tries legal and broken requests out, one connection each, and tells what the ' +
    'implementation does; a command after -- starts it, anew whenever it has ended.',
  arguments: [
    { name: '[files...]', meaning: 'captures, or the command that starts the implementation', completes: 'file' },
  ],
  options: [
    ...askedFor.map(({ name, meaning }) => ({ flags: `--${name}`, meaning })),
    { flags: '--rule <id>', meaning: 'only this rule, by its id or name', repeats: true, parse: knownRule },
    {
      flags: '--severity <level>',
      meaning: 'only findings of this severity or worse',
      choices: [...severities],
      default: 'note',
    },
    { flags: '--baseline <file>', meaning: 'leave out the findings that are known there', completes: 'file' },
    { flags: '--write-baseline <file>', meaning: 'write what is found into that file, to be known from now on' },
    {
      flags: '--live',
      meaning: 'follow one capture while it grows, or that of the engine with this name; with --json too',
    },
    { flags: '--migration', meaning: 'compare the captures of the source and of the destination of one migration' },
    { flags: '--back-end <socket>', meaning: 'try a back-end out: connect to its socket, or listen:SOCKET' },
    { flags: '--front-end <socket>', meaning: 'try a front-end out: listen for it, or connect:SOCKET' },
    { flags: '--probe <id>', meaning: 'only this probe (docs/implementations.md lists them)', repeats: true },
    {
      flags: '--patience <ms>',
      meaning:
        'how long an implementation may take for an answer, in ms (default 1000; 10000 for a front-end to start its device)',
      parse: wholeNumber('--patience', 1),
    },
    { flags: '--color <when>', meaning: 'use colours', choices: ['auto', 'always', 'never'], default: 'auto' },
  ],
  examples: [
    { line: 'vhuscope check vm.pcapng', meaning: 'what is wrong, if anything' },
    { line: 'vhuscope check --severity error --junit captures/*.pcapng > report.xml', meaning: 'in a pipeline' },
    {
      line: 'vhuscope check --live vm.pcapng',
      meaning: 'while it is recorded: what is found, and a verdict at the end',
    },
    {
      line: 'vhuscope check --migration source.pcapng destination.pcapng',
      meaning: 'whether a migration handed all over',
    },
    {
      line: 'vhuscope check --back-end vfs.sock -- virtiofsd --socket-path=vfs.sock --shared-dir=.',
      meaning: 'what a back-end does with legal and broken requests',
    },
  ],
  async run(args, options) {
    if (options.backEnd !== undefined || options.frontEnd !== undefined) {
      const { checkConformance } = await import('./conformance.ts');
      return checkConformance(options, args);
    }
    if (args.length === 0) throw new UsageError('check: name a capture, or --back-end or --front-end');
    if (options.probe !== undefined || options.patience !== undefined)
      throw new UsageError('check: --probe and --patience go with --back-end or --front-end');
    const formats = askedFor.filter(({ name }) => Object.hasOwn(options, name));
    if (formats.length > 1)
      throw new UsageError(`check: choose one of ${askedFor.map(({ name }) => `--${name}`).join(', ')}`);
    if (options.migration) return checkMigration('check', args, options);
    const format = formats[0] ?? findingsFormats[0];
    const baseline =
      options.baseline === undefined ? undefined : (await import('./baseline.ts')).readBaseline(options.baseline);
    const isWanted = wantedFindings(options);
    const wanted = (finding: Finding): boolean => isWanted(finding) && !baseline?.has(finding);
    if (options.live) {
      if (args.length !== 1 || formats.some(({ name }) => name !== 'json') || options.writeBaseline !== undefined)
        throw new UsageError('check: --live takes one capture, and prints text or --json');
      const { checkLive } = await import('./check-live.ts');
      return checkLive(args[0] as string, wanted, options);
    }
    const results = args.map((file, i) => checked(file, wanted, args.length > 1 ? `${i + 1}/${args.length} ` : ''));
    const surface = surfaceOf(options);
    const printed = format?.print(results, surface) ?? '';
    process.stdout.write(formats.length === 0 ? shownOn(surface, printed) : printed);
    if (baseline) tellBaseline(baseline);
    if (options.writeBaseline !== undefined) {
      const { writeBaseline } = await import('./baseline.ts');
      const count = writeBaseline(
        options.writeBaseline,
        results.flatMap(result => result.findings),
      );
      process.stderr.write(
        `vhuscope: ${counted(count, 'finding')} in ${options.writeBaseline} are known from now on\n`,
      );
      return results.some(result => result.unread.length > 0) ? 1 : 0;
    }
    return results.some(result => result.unread.length > 0 || result.findings.some(isError)) ? 1 : 0;
  },
};

const isError = ({ severity }: Finding) => severity === 'error';

function knownRule(text: string): string {
  const rule = rules.find(one => one.id === text.toUpperCase() || one.name === text.toLowerCase());
  if (!rule) throw new UsageError(`--rule: there is no rule '${text}'`);
  return rule.id;
}

function wantedFindings({ rule, severity = 'note' }: CheckOptions): (finding: Finding) => boolean {
  const least = severities.indexOf(severity);
  return finding =>
    severities.indexOf(finding.severity) <= least && (rule === undefined || rule.includes(finding.rule));
}

function tellBaseline({ counts: { seen, gone } }: Baseline): void {
  const parts = [
    ...(seen > 0 ? [`${counted(seen, 'known finding')} left out`] : []),
    ...(gone > 0 ? [`${counted(gone, 'known finding')} did not occur any more`] : []),
  ];
  if (parts.length > 0) process.stderr.write(`vhuscope: ${parts.join(', ')}\n`);
}

/** Checks one capture, with a word about progress on a terminal where it takes long. */
function checked(file: string, wanted: (finding: Finding) => boolean, place: string): CheckResult {
  const started = Date.now();
  let told = false;
  try {
    const found = examine(file, records => {
      if (!process.stderr.isTTY || Date.now() - started < 500) return;
      told = true;
      process.stderr.write(`\r\x1b[K${place}${file}: ${records} records`);
    });
    return { ...found, file, findings: found.findings.filter(wanted) };
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  } finally {
    if (told) process.stderr.write('\r\x1b[K');
  }
}
