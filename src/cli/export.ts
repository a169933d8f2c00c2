import { CaptureError } from '../capture/capture-error.ts';
import { counted } from '../decode/counted.ts';
import { compileFilter, type Filter } from '../decode/filter/filter.ts';
import { pointAt, SyntaxProblem } from '../decode/syntax-problem.ts';
import { Notes } from '../trace/notes.ts';
import { TraceReader } from '../trace/reading.ts';
import type { Row } from '../trace/row.ts';
import { Comments } from '../trace/saving/comments.ts';
import { savingFormatOf, savingFormats } from '../trace/saving/index.ts';
import type { SavingFormat } from '../trace/saving/saver.ts';
import type { Command } from './command.ts';
import { filesThenFilter } from './files-then-filter.ts';
import { Failure, UsageError } from './usage.ts';

interface ExportFlags {
  output?: string;
}

const formats = savingFormats.map(({ ending, meaning }) => `${ending} ${meaning}`).join('; ');

/** `vhuscope export`: writes records of captures into a file of another format, or into a smaller capture. */
export const command: Command<ExportFlags> = {
  name: 'export',
  summary: 'write a part of a capture, or another format, into a file',
  about:
    'Writes the records that a filter (docs/filters.md) lets through into a new file. The end of its name says what it ' +
    `becomes: ${formats}. What is there is never written over.`,
  arguments: [{ name: '<files...>', meaning: 'captures, and behind them a filter', completes: 'file-then-filter' }],
  options: [{ flags: '-o, --output <file>', meaning: 'the new file', completes: 'file' }],
  examples: [
    { line: "vhuscope export vm.pcapng 'epoch == 2' -o after.pcapng", meaning: 'only what came after the reconnect' },
    { line: 'vhuscope export vm.pcapng -o vm.csv', meaning: 'a table for a spreadsheet' },
  ],
  async run(args, { output }) {
    if (output === undefined) throw new UsageError('export: say with -o into which file');
    const { files, filter } = split(args);
    const format = formatOf(output);
    try {
      const { count, problems } = written(files, filter, format, output);
      for (const problem of problems) process.stderr.write(`vhuscope: ${problem}\n`);
      process.stderr.write(`vhuscope: ${counted(count, 'record')} in ${output}\n`);
      return problems.length === 0 ? 0 : 1;
    } catch (error) {
      if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
      throw error;
    }
  },
};

function split(args: readonly string[]): { files: string[]; filter: Filter } {
  const { files, filter: text } = filesThenFilter(args);
  try {
    return { files, filter: compileFilter(text) };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    throw new UsageError(`export: in the filter: ${pointAt(text, error)}`);
  }
}

function formatOf(output: string): SavingFormat {
  try {
    return savingFormatOf(output);
  } catch (error) {
    throw new UsageError(`export: ${(error as Error).message}`);
  }
}

/** What became of an export: records that the filter let through, and what could not be read. */
interface Exported {
  readonly count: number;
  readonly problems: readonly string[];
}

function written(files: readonly string[], filter: Filter, format: SavingFormat, output: string): Exported {
  // A note may stand far behind what it is about: they are gathered first.
  const notes = new Notes();
  if (format.commented) goThrough(files, false, (row, at) => notes.take(at, row.frame));
  const comments = new Comments(notes.all);
  const saver = opened(format, output);
  let count = 0;
  const exported = new Set<number>();
  try {
    const problems = goThrough(files, format.labelled === true, (row, at) => {
      if (!filter.matches(row.frame, row)) return;
      count++;
      if (row.frame.kind === 'event') exported.add(at);
      saver.add(row, comments.on(row.frame));
    });
    const left = new Set([...comments.told].filter(at => !exported.has(at)));
    if (left.size > 0) goThrough(files, false, (row, at) => left.has(at) && saver.add(row, []));
    saver.end();
    return { count, problems };
  } catch (error) {
    saver.abandon();
    throw error;
  }
}

function opened(format: SavingFormat, output: string) {
  try {
    return format.open(output);
  } catch (error) {
    throw new Failure((error as Error).message, { cause: error });
  }
}

/** Every record of the files, with its place among them; gives what cannot be read, in words. */
function goThrough(files: readonly string[], labelled: boolean, take: (row: Row, at: number) => void): string[] {
  const reader = new TraceReader({ labelled });
  const problems: string[] = [];
  let at = 0;
  for (const path of files) {
    const file = reader.open(path);
    try {
      for (const rows of file.rows()) for (const row of rows) take(row, at++);
      problems.push(...file.problems.map(({ message }) => message));
    } finally {
      file.close();
    }
  }
  return problems;
}
