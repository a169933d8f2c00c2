/** `replay --tui`: the process in the foreground shows the recording, and a process of its own plays it. */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Recording } from '../replay/recording.ts';
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
  recording: Recording,
  argv: readonly string[],
  flags: ReplayViewedFlags,
): Promise<number> {
  assertTerminal('replay --tui');
  if (flags.json || flags.quiet) throw new UsageError('--tui: --json and --quiet print to the same terminal');
  if (argv.some(arg => /^fd:\d/.test(arg))) throw new UsageError('--tui: cannot hand on an inherited descriptor');
  let status: number | undefined;
  const replay = {
    ...{ side: recording.side, messages: recording.steps.length },
    start: (listener: { line(text: string): void; said(text: string): void; ended(): void }) => {
      const own = argv.filter(arg => arg !== '--tui' && arg !== '--light' && arg !== '--ascii');
      const child = spawn(process.execPath, [process.argv[1] ?? '', 'replay', ...own, '--json'], { stdio: 'pipe' });
      createInterface({ input: child.stdout }).on('line', line => listener.line(line));
      createInterface({ input: child.stderr }).on('line', line => listener.said(line.replace(/^vhuscope: /, '')));
      child.once('close', code => {
        status = code ?? 1;
        listener.ended();
      });
      // It may have ended while a key was on its way.
      child.stdin.on('error', () => {});
      return {
        next: () => void child.stdin.write('\n'),
        stop: () => void (status === undefined && child.kill('SIGTERM')),
      };
    },
  };
  const viewed = await view({ paths: [file], title: basename(file), follow: false, replay }, flags);
  return viewed.status !== 0 ? viewed.status : (status ?? 0);
}
