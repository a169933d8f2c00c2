// Brings a fresh clone to a runnable state with nothing but Node.js: installs the locked dependencies and builds.
// Does only what is missing, so that a second run costs a fraction of a second.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.vhuscope-lock');

/** True when node_modules holds exactly what package-lock.json names, as far as our own stamp can tell. */
function isInstalled(hash) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
}

const hash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

if (!isInstalled(hash)) {
  console.error('vhuscope: installing the locked dependencies (npm ci)');
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0) {
    console.error('vhuscope: npm ci failed; the lines above say why (a registry must be reachable the first time)');
    process.exit(1);
  }
  writeFileSync(stamp, hash);
}
process.exitCode = await buildIfStale();
