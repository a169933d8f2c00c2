import { basename } from 'node:path';
import type { Command } from './command.ts';
import { assertTerminal, type ViewFlags, view, viewOptions } from './viewing.ts';

interface OpenFlags extends ViewFlags {
  follow?: boolean;
}

/** `vhuscope open`: the terminal interface over a capture. */
export const command: Command<OpenFlags> = {
  name: 'open',
  summary: 'look through a capture in the terminal',
  about:
    'Opens captures in the terminal: messages, fields, bytes, the state of the session at any message, findings. ' +
    'A capture that is still being recorded is shown as it grows. `?` lists the keys.',
  arguments: [{ name: '<files...>', meaning: 'captures that continue each other', completes: 'file' }],
  options: [{ flags: '-f, --follow', meaning: 'begin at the newest message and stay there' }, ...viewOptions],
  examples: [
    { line: 'vhuscope open vm.pcapng', meaning: 'look through a recording' },
    { line: 'vhuscope open --follow vm.pcapng', meaning: 'watch one that is being made' },
  ],
  async run(paths, { follow = false, ...flags }) {
    assertTerminal('open');
    const [first = ''] = paths;
    const title = basename(first) + (paths.length > 1 ? ` and ${paths.length - 1} more` : '');
    return (await view({ paths, title, follow }, flags)).status;
  },
};
