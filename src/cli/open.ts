import { basename } from 'node:path';
import { abilityOf } from '../tui/theme.ts';
import { Viewer } from '../tui/viewer.ts';
import type { Command } from './command.ts';
import { Failure, UsageError } from './usage.ts';

interface OpenOptions {
  ascii?: boolean;
  light?: boolean;
  follow?: boolean;
}

/** What ends the viewer from outside, and the status of a program that a signal ended. */
const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const;

/** `vhuscope open`: the terminal interface over a capture. */
export const command: Command<OpenOptions> = {
  name: 'open',
  summary: 'look through a capture in the terminal',
  about:
    'Opens captures in the terminal: messages, fields, bytes, the state of the session at any message, findings. ' +
    'A capture that is still being recorded is shown as it grows. `?` lists the keys.',
  arguments: [{ name: '<files...>', meaning: 'captures that continue each other', completes: 'file' }],
  options: [
    { flags: '-f, --follow', meaning: 'begin at the newest message and stay there' },
    { flags: '--ascii', meaning: 'draw with ASCII characters only' },
    { flags: '--light', meaning: 'colours for a light background' },
  ],
  examples: [
    { line: 'vhuscope open vm.pcapng', meaning: 'look through a recording' },
    { line: 'vhuscope open --follow vm.pcapng', meaning: 'watch one that is being made' },
  ],
  async run(paths, { ascii, light, follow = false }) {
    if (!process.stdin.isTTY || !process.stdout.isTTY) {
      throw new UsageError('open: needs a terminal; use read or check where there is none');
    }
    const found = abilityOf(process.env);
    const ability = { ...found, ascii: ascii ?? found.ascii, light: light ?? found.light };
    const [first = ''] = paths;
    const title = basename(first) + (paths.length > 1 ? ` and ${paths.length - 1} more` : '');
    let status = 0;
    const viewer = new Viewer({ paths, title, ability, follow });
    for (const [signal, code] of Object.entries(signals)) {
      process.on(signal, () => {
        status = code;
        viewer.quit();
      });
    }
    const ending = await viewer.ended;
    if (ending.how === 'failed') throw new Failure(ending.message);
    return status;
  },
};
