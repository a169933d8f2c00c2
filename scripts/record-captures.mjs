// Records captures/ again: runs the scenarios against real peers and keeps what they record.
// Arguments choose scenarios by their file's name, as in `npm run record pairs`.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', 'vitest.qemu.config.ts', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, VHUSCOPE_RECORD: '1' } },
);
process.exitCode = run.status ?? 1;
