import { basename } from 'node:path';
import { CaptureError } from '../capture/capture-error.ts';
import { open, Pseudonyms } from '../decode/redaction.ts';
import { recordsAround, reportOf } from '../decode/report/report.ts';
import { reportText } from '../export/report/text.ts';
import { accountOf, linesOf } from '../trace/accounting.ts';
import { chosenIn, placeOf } from './chosen.ts';
import type { Command } from './command.ts';
import { shownOn, surfaceOf } from './terminal.ts';
import { Failure, wholeNumber } from './usage.ts';

interface ReportOptions {
  json?: boolean;
  redact?: boolean;
  session?: number;
  epoch?: number;
  pair?: string;
}

/** `vhuscope report`: what to paste into a bug tracker. */
export const command: Command<ReportOptions> = {
  name: 'report',
  summary: 'print a summary of a capture to paste into a bug report',
  about:
    'Prints at most 80 lines about one connection of a capture: both peers, what was negotiated, memory, rings, how it ' +
    'ended, what was found, what is missing. Addresses, paths, process ids, names and content are replaced by pseudonyms ' +
    '(docs/report.md). Without --session or --epoch it is the first connection that went wrong, else the last one.',
  arguments: [{ name: '<file>', meaning: 'a capture; FILE#1.2 is its session 1, epoch 2', completes: 'file' }],
  options: [
    { flags: '--json', meaning: 'print one JSON object' },
    { flags: '--no-redact', meaning: 'leave addresses, paths, process ids and names as they are' },
    { flags: '--pair <name>', meaning: 'the connection of this pair' },
    { flags: '--session <number>', meaning: 'the connection of this session', parse: wholeNumber('--session', 1) },
    { flags: '--epoch <number>', meaning: 'the connection of this epoch', parse: wholeNumber('--epoch', 1) },
  ],
  examples: [
    { line: 'vhuscope report vm.pcapng', meaning: 'the lines to paste' },
    { line: 'vhuscope report vm.pcapng --epoch 2 --json', meaning: 'the connection after the reconnect, as data' },
  ],
  async run([place = ''], options) {
    const { json, redact = true } = options;
    const { path, choice } = placeOf(place);
    try {
      const recording = accountOf(path);
      const connection = chosenIn(recording, { ...choice, ...options });
      const lines = linesOf(path, new Set(recordsAround(connection)));
      const redaction = redact ? new Pseudonyms(connection.story.state.memory) : open;
      const file = redact ? 'FILE' : basename(path);
      const { unread } = recording;
      const report = reportOf({ recording, connection, redaction, file, unread, lineOf: n => lines.get(n) });
      process.stdout.write(json ? `${JSON.stringify(report)}\n` : shownOn(surfaceOf({}), reportText(report)));
      return 0;
    } catch (error) {
      if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
      throw error;
    }
  },
};
