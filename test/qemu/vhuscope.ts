/** The program under test. */
import { resolve } from 'node:path';

/** The built program, or another one that `VHUSCOPE_BIN` names; run with `process.execPath`. */
export const vhuscope: string = resolve(
  process.env.VHUSCOPE_BIN ?? resolve(import.meta.dirname, '../../dist/cli/main.js'),
);
