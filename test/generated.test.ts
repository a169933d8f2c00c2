import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { implementationsDoc } from '../src/cli/implementations-doc.ts';
import { loadAll } from '../src/cli/index.ts';
import { cliReference } from '../src/cli/reference.ts';
import { outputs } from '../src/export/derive/index.ts';
import { keysReference } from '../src/tui/keys/reference.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('generated files', () => {
  it.each(outputs.map(output => [output.path, output] as const))(
    '%s is what `npm run generate` writes',
    (path, output) => {
      // Compared as one boolean: a diff of two long files helps nobody.
      expect(output.make(read) === read(path), `${path} is stale: run npm run generate`).toBe(true);
    },
  );

  it('docs/cli.md is what `npm run generate` writes', async () => {
    expect(cliReference(await loadAll()) === read('docs/cli.md'), 'docs/cli.md is stale: run npm run generate').toBe(
      true,
    );
  });

  it('docs/keys.md is what `npm run generate` writes', () => {
    expect(keysReference() === read('docs/keys.md'), 'docs/keys.md is stale: run npm run generate').toBe(true);
  });

  it('docs/implementations.md is what `npm run generate` writes', () => {
    const files = readdirSync(join(root, 'docs/implementations')).sort();
    const text = implementationsDoc(files.map(name => read(`docs/implementations/${name}`)));
    expect(text === read('docs/implementations.md'), 'docs/implementations.md is stale: run npm run generate').toBe(
      true,
    );
  });
});
