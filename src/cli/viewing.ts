/** The terminal interface as commands start it: what the terminal can show, what signals do to it. */
import { TraceClient } from '../trace/client.ts';
import type { ViewerOptions } from '../tui/viewer.ts';
import type { OptionSpec } from './command.ts';
import { replayArguments, replayProcess } from './replay-process.ts';
import { guardTerminal } from './terminal-guard.ts';
import { Failure, UsageError } from './usage.ts';

/** Values of `viewOptions`. */
export interface ViewFlags {
  ascii?: boolean;
  light?: boolean;
}

/** How it is drawn. */
export const viewOptions: readonly OptionSpec[] = [
  { flags: '--ascii', meaning: 'draw with ASCII characters only' },
  { flags: '--light', meaning: 'colours for a light background' },
];

/** What ends the viewer from outside, and the status of a program that a signal ended. */
const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 } as const;

/** Whether somebody sits there: keys come from a terminal, and there is one to draw on. */
export function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}

/** Throws UsageError where there is no terminal to draw on. */
export function assertTerminal(command: string): void {
  if (isTerminal()) return;
  throw new UsageError(`${command}: needs a terminal; use read or check where there is none`);
}

/** How it was quit. */
export interface Viewed {
  /** Exit status. */
  readonly status: number;
  /** The engine that was watched has ended. */
  readonly engineEnded: boolean;
}

/** What is to be viewed. */
export interface ViewOptions extends Omit<ViewerOptions, 'ability' | 'trace' | 'replays'> {
  /** Captures that continue each other. */
  readonly paths: readonly string[];
}

/** How a replay is started from inside: one plays a single file. */
function replaysOf([path, ...others]: readonly string[]): ViewerOptions['replays'] {
  if (path === undefined || others.length > 0) return 'several captures are open; a replay plays one';
  return order => ({ side: order.side, start: replayProcess([path, ...replayArguments(order)]) });
}

/** Opens the interface and resolves once it is quit. The terminal is then as it was. Rejects with Failure. */
export async function view({ paths, ...options }: ViewOptions, { ascii, light }: ViewFlags): Promise<Viewed> {
  // Loaded here and not before: an engine that is started by the same commands never loads an interface.
  const { abilityOf } = await import('../tui/theme.ts');
  const found = abilityOf(process.env);
  const ability = { ...found, ascii: ascii ?? found.ascii, light: light ?? found.light };
  // The thread begins to read while the rest of the interface is loaded, which takes longer than anything else.
  const trace = new TraceClient({ paths, ascii: ability.ascii });
  const [{ Viewer }, leftInOrder] = await Promise.all([import('../tui/viewer.ts'), guardTerminal()]);
  let status = 0;
  const viewer = new Viewer({ ...options, trace, ability, replays: replaysOf(paths) });
  for (const [signal, code] of Object.entries(signals)) {
    process.on(signal, () => {
      status = code;
      viewer.quit();
    });
  }
  const ending = await viewer.ended.finally(leftInOrder);
  if (ending.how === 'failed') throw new Failure(ending.message);
  return { status, engineEnded: ending.engine?.ended === true };
}
