/** The built program under test. */
import { resolve } from 'node:path';

/** The entry that `bin` names; run with `process.execPath`. */
export const vhuscope: string = resolve(import.meta.dirname, '../../dist/cli/main.js');
