/** What `vhuscope check` says about a capture. */
import { spawnSync } from 'node:child_process';
import { vhuscope } from './vhuscope.ts';

/** A capture as `check --json` judges it. */
export interface Judged {
  readonly verdicts: readonly { readonly id: string; readonly what: string; readonly side?: string }[];
  readonly findings: readonly { readonly rule: string; readonly severity: string; readonly side?: string }[];
}

/** Checks a capture through the command line. */
export function diagnosed(capture: string): Judged {
  const { stdout, stderr } = spawnSync(process.execPath, [vhuscope, 'check', '--json', capture], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (stdout === '') throw new Error(`check said nothing of ${capture}\n${stderr}`);
  return JSON.parse(stdout) as Judged;
}
