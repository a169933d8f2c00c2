// Writes the files that are derived from the declarations: src/export/derive/index.ts lists them, the reference of the
// command line, and the keys of the viewer. With --check it writes nothing and fails where a file is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { implementationsDoc } from '../dist/cli/implementations-doc.js';
import { loadAll } from '../dist/cli/index.js';
import { cliReference } from '../dist/cli/reference.js';
import { outputs } from '../dist/export/derive/index.js';
import { keysReference } from '../dist/tui/keys/reference.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const definitions = await loadAll();
const read = path => readFileSync(join(root, path), 'utf8');

const reference = { path: 'docs/cli.md', make: () => cliReference(definitions) };
const tried = readdirSync(join(root, 'docs/implementations')).sort();
const implementations = {
  path: 'docs/implementations.md',
  make: () => implementationsDoc(tried.map(name => read(`docs/implementations/${name}`))),
};
const keys = { path: 'docs/keys.md', make: keysReference };
const check = process.argv.includes('--check');

for (const { path, make } of [...outputs, reference, keys, implementations]) {
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
