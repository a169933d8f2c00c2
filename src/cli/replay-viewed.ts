/** `replay --tui`: the process in the foreground shows the recording, and a process of its own plays it. */
import { basename } from 'node:path';
import type { Side } from '../decode/side.ts';
import { replayProcess } from './replay-process.ts';
import { UsageError } from './usage.ts';
import { assertTerminal, type ViewFlags, view } from './viewing.ts';

/** What of the command line would be in the way. */
export interface ReplayViewedFlags extends ViewFlags {
  json?: boolean;
  quiet?: boolean;
}

/**
 * Shows a replay as it goes on, and resolves to the exit status once the interface is quit: that of the replay, where it
 * has come to its end.
 *
 * @param argv the arguments of the command
 */
export async function viewReplay(
  file: string,
  side: Side,
  argv: readonly string[],
  flags: ReplayViewedFlags,
): Promise<number> {
  assertTerminal('replay --tui');
  if (flags.json || flags.quiet) throw new UsageError('--tui: --json and --quiet print to the same terminal');
  if (argv.some(arg => /^fd:\d/.test(arg))) throw new UsageError('--tui: cannot hand on an inherited descriptor');
  let tell: (status: number | undefined) => void = () => {};
  const ended = new Promise<number | undefined>(resolve => {
    tell = resolve;
  });
  const own = argv.filter(arg => arg !== '--tui' && arg !== '--light' && arg !== '--ascii');
  const replay = {
    side,
    start: replayProcess(own, tell),
  };
  const viewed = await view({ paths: [file], title: basename(file), follow: false, replay }, flags);
  const status = await ended;
  return viewed.status !== 0 ? viewed.status : (status ?? 0);
}
