import { existsSync } from 'node:fs';
import { CaptureError } from '../capture/capture-error.ts';
import type { CaptureCounts } from '../capture/piece-reader.ts';
import type { CaptureProblem } from '../capture/reader.ts';
import { repair } from '../capture/repair.ts';
import { compileFilter, type Filter, fieldNamed, fieldNames, type Selector } from '../decode/filter/filter.ts';
import { columnsForm, type Form, jsonForm, rawForm } from '../decode/forms.ts';
import type { LineBuffer } from '../decode/line-buffer.ts';
import { didYouMean, pointAt, SyntaxProblem } from '../decode/syntax-problem.ts';
import { Joining } from '../trace/joining.ts';
import { TraceReader } from '../trace/reading.ts';
import type { Row } from '../trace/row.ts';
import type { Command } from './command.ts';
import { filesThenFilter } from './files-then-filter.ts';
import { detailForm, Printer, textForm } from './printer.ts';
import { type SurfaceOptions, surfaceOf } from './terminal.ts';
import { Failure, UsageError, wholeNumber } from './usage.ts';

interface ReadOptions extends SurfaceOptions {
  json?: boolean;
  raw?: boolean;
  follow?: boolean;
  repair?: boolean;
  count?: number;
  session?: number;
  epoch?: number;
  verbose?: boolean;
  hex?: boolean;
  fields?: string;
  csv?: boolean;
  joined?: boolean;
}

/** `vhuscope read`: prints what a capture holds. */
export const command: Command<ReadOptions> = {
  name: 'read',
  summary: 'print what a capture holds',
  about:
    'Prints the records of captures, read one after the other: a line each, or JSON, or chosen fields, or the bytes. Words behind the files are a filter (docs/filters.md). Errors and what the recorder lost are told on standard error.',
  arguments: [{ name: '<files...>', meaning: 'captures, and behind them a filter', completes: 'file-then-filter' }],
  options: [
    { flags: '--json', meaning: 'print one JSON object a line (docs/records.md)' },
    { flags: '--raw', meaning: 'print the bytes of each message as hex; with --json, add them as "raw"' },
    { flags: '-v, --verbose', meaning: 'print every field below the line, with its place' },
    { flags: '-x, --hex', meaning: 'print the bytes below the line' },
    { flags: '--fields <names>', meaning: 'print these fields, in columns with tabs between: n,name,vring.index' },
    { flags: '--csv', meaning: 'with --fields: separate with commas, below a line of names' },
    { flags: '--joined', meaning: 'say of each request which reply answers it' },
    { flags: '-c, --count <number>', meaning: 'stop after so many records', parse: wholeNumber('--count', 1) },
    { flags: '--session <number>', meaning: 'only this session', parse: wholeNumber('--session', 1) },
    { flags: '--epoch <number>', meaning: 'only this epoch', parse: wholeNumber('--epoch', 1) },
    { flags: '-f, --follow', meaning: 'go on while the capture grows, until its recorder ends' },
    { flags: '--repair', meaning: 'first cut a capture back to its last whole block, if its recorder was killed' },
    { flags: '--color <when>', meaning: 'use colours', choices: ['auto', 'always', 'never'], default: 'auto' },
    { flags: '--ascii', meaning: 'print arrows with ASCII characters only' },
  ],
  examples: [
    { line: 'vhuscope read vm.pcapng', meaning: 'every message, a line each' },
    {
      line: "vhuscope read vm.pcapng --json | jq 'select(.problems)'",
      meaning: 'messages whose bytes are not as declared',
    },
    { line: "vhuscope read vm.pcapng 'vring.index == 0 and not SET_VRING_CALL'", meaning: 'the life of one ring' },
    { line: "vhuscope read vm.pcapng 'problem or latency > 10ms'", meaning: 'what is odd or slow' },
    {
      line: 'vhuscope read vm.pcapng --fields n,name,fd.kind,fd.size fds',
      meaning: 'the descriptors that were passed',
    },
    { line: 'vhuscope read --follow vm.pcapng', meaning: 'watch a recording' },
  ],
  async run(args, options) {
    const { files, filter } = split(args);
    if (options.follow && files.length > 1) throw new UsageError('read: --follow takes one capture');
    if (options.follow && options.joined) throw new UsageError('read: --joined looks ahead, --follow cannot');
    const reading = new Reading(new Printer(formOf(options)), filter, options);
    try {
      for (const path of files) {
        if (options.repair) tellRepair(path);
        if (options.follow) await reading.follow(path);
        else await reading.file(path);
      }
    } catch (error) {
      if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
      throw error;
    } finally {
      await reading.end();
    }
    return reading.isWhole ? 0 : 1;
  },
};

/** The captures and the filter that the arguments name. */
function split(args: readonly string[]): { files: string[]; filter: Filter } {
  const { files, filter: text } = filesThenFilter(args);
  try {
    return { files, filter: compileFilter(text) };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new UsageError(`read: in the filter: ${pointAt(text, error)}`);
  }
}

function formOf(options: ReadOptions): (out: LineBuffer) => Form {
  const { json, raw, fields, verbose, hex, csv } = options;
  const chosen = [json && '--json', fields !== undefined && '--fields', (verbose || hex) && '-v or -x', raw && '--raw'];
  const [first, second] = chosen.filter(flag => flag !== false && flag !== undefined);
  if (second !== undefined && !(json && raw && fields === undefined && !verbose && !hex)) {
    throw new UsageError(`read: ${first} and ${second} do not go together`);
  }
  if (csv && fields === undefined) throw new UsageError('read: --csv needs --fields');
  const surface = surfaceOf(options);
  if (json) return jsonForm(raw === true);
  if (raw) return rawForm();
  if (fields !== undefined) return columnsForm(fields.split(',').map(field), csv === true);
  if (verbose || hex) return detailForm(surface, { tree: verbose === true, dump: hex === true });
  return textForm(surface);
}

function field(name: string): Selector {
  const found = fieldNamed(name.trim());
  if (!found) throw new UsageError(`read: there is no field ${name.trim()}${didYouMean(name.trim(), fieldNames())}`);
  return found;
}

/** Whether somebody will see the phase of a record. */
function isLabelled({ text }: Filter, { json, verbose, fields = '' }: ReadOptions): boolean {
  return json === true || verbose === true || /\b(phase|path)\b/.test(`${text} ${fields}`);
}

/** Goes through captures, and prints the records that are asked for. */
class Reading {
  readonly #printer: Printer;
  readonly #trace: TraceReader;
  readonly #filter: Filter;
  readonly #options: ReadOptions;
  #left: number;
  /** False where something in a file could not be read. */
  isWhole = true;

  constructor(printer: Printer, filter: Filter, options: ReadOptions) {
    this.#printer = printer;
    this.#trace = new TraceReader({ labelled: isLabelled(filter, options) });
    this.#filter = filter;
    this.#options = options;
    this.#left = options.count ?? Number.POSITIVE_INFINITY;
  }

  /** Prints a file that grows no more. */
  async file(path: string): Promise<void> {
    const file = this.#trace.open(path);
    try {
      const joining = this.#options.joined ? new Joining() : undefined;
      for (const rows of file.rows()) {
        await this.#print(joining ? joining.push(rows) : rows);
        if (this.#left === 0) return;
      }
      if (joining) await this.#print(joining.rest());
      await this.end();
      for (const problem of file.problems) this.#tell(problem);
      tellCounts(path, file.counts);
    } finally {
      file.close();
    }
  }

  /** Prints a file that may grow. */
  async follow(path: string): Promise<void> {
    const ending = new AbortController();
    process.once('SIGINT', () => ending.abort());
    const onProblem = (problem: CaptureProblem) => this.#tell(problem);
    for await (const rows of this.#trace.follow(path, { signal: ending.signal, onProblem })) {
      await this.#print(rows);
      await this.end();
      if (this.#left === 0) break;
    }
  }

  /** Writes what is not written yet. */
  async end(): Promise<void> {
    await this.#printer.flush();
  }

  async #print(rows: readonly Row[]): Promise<void> {
    const { session, epoch } = this.#options;
    for (const row of rows) {
      const { frame } = row;
      if (session !== undefined && frame.session !== session) continue;
      if (epoch !== undefined && frame.epoch !== epoch) continue;
      if (!this.#filter.matches(frame, row)) continue;
      if (this.#left === 0) return;
      this.#left--;
      if (this.#printer.print(frame, row)) await this.#printer.flush();
    }
  }

  #tell({ message }: CaptureProblem): void {
    this.isWhole = false;
    process.stderr.write(`vhuscope: ${message}\n`);
  }
}

function tellRepair(path: string): void {
  if (!existsSync(path)) return;
  const { cut, size, keptIn } = repair(path);
  if (cut === 0) return;
  const kept = keptIn ? `; the file as it was is kept in ${keptIn}` : '';
  process.stderr.write(`vhuscope: ${path}: cut back to ${size} bytes, ${cut} bytes of a torn block are gone${kept}\n`);
}

/** What was passed over or lost. */
function tellCounts(path: string, counts: CaptureCounts): void {
  const told = [
    counts.lost > 0 && `the recorder lost ${counts.lost} messages`,
    counts.foreign > 0 && `${counts.foreign} packets are not vhuscope's`,
  ].filter(text => text !== false);
  if (told.length > 0) process.stderr.write(`vhuscope: ${path}: ${told.join(', ')}\n`);
}
