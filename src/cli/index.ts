import type { Command } from './command.ts';

/** The program's commands in the order of `--help`. Modules are loaded when they are needed, so that each starts fast. */
export const commands: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  demo: () => import('./demo.ts'),
  proxy: () => import('./proxy.ts'),
  run: () => import('./run.ts'),
  ctl: () => import('./ctl.ts'),
  read: () => import('./read.ts'),
  export: () => import('./export.ts'),
  open: () => import('./open.ts'),
  attach: () => import('./attach.ts'),
  check: () => import('./check.ts'),
  report: () => import('./report.ts'),
  import: () => import('./import.ts'),
  diff: () => import('./diff.ts'),
  replay: () => import('./replay.ts'),
  explain: () => import('./explain.ts'),
  wireshark: () => import('./wireshark.ts'),
  complete: () => import('./complete.ts'),
};

/** Loads every command's definition, in the order of `--help`. */
export async function loadAll(): Promise<Command[]> {
  return Promise.all(Object.values(commands).map(async load => (await load()).command));
}
