// Writes the files that are derived from the declarations: src/export/derive/index.ts lists them, and the reference of
// the command line. With --check it writes nothing and fails where a file is stale.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAll } from '../dist/cli/index.js';
import { cliReference } from '../dist/cli/reference.js';
import { outputs } from '../dist/export/derive/index.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const definitions = await loadAll();
const read = path => readFileSync(join(root, path), 'utf8');

const reference = { path: 'docs/cli.md', make: () => cliReference(definitions) };
const check = process.argv.includes('--check');

for (const { path, make } of [...outputs, reference]) {
  if (check) {
    if (existsSync(join(root, path)) && read(path) === make(read)) continue;
    console.error(`${path} is stale: run npm run generate`);
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), make(read));
  console.error(`wrote ${path}`);
}
