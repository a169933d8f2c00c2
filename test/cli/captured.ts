/** Runs the built program over captures. */
import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const main = resolve(import.meta.dirname, '../../dist/cli/main.js');
const run = promisify(execFile);

/** Path of a recording in captures/. */
export const capture = (name: string): string => resolve(import.meta.dirname, '../../captures', `${name}.pcapng`);
/** What a run gave. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `vhuscope` to its end. */
export async function vhuscope(...args: string[]): Promise<Ran> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  try {
    return { code: 0, ...(await run(process.execPath, [main, ...args], { env, cwd: join(main, '../../..') })) };
  } catch (error) {
    return error as Ran;
  }
}
