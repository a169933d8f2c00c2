import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * Imports run one way. Each folder of src names the folders it may import from; what is not named here is forbidden.
 * `decode` is pure: it imports nothing at all, not even node:, so that it also runs in a browser.
 */
const mayImport: Record<string, readonly string[]> = {
  decode: [],
  capture: ['decode'],
  trace: ['decode', 'capture'],
  sys: ['decode'],
  launch: ['decode'],
  control: ['decode'],
  proxy: ['decode', 'capture', 'sys', 'control'],
  peers: ['decode', 'sys'],
  import: ['decode', 'capture'],
  replay: ['decode', 'capture', 'trace', 'sys', 'control'],
  export: ['decode', 'capture', 'trace'],
  tui: ['decode', 'trace', 'control'],
  cli: [
    'decode',
    'capture',
    'trace',
    'sys',
    'launch',
    'control',
    'proxy',
    'peers',
    'import',
    'replay',
    'export',
    'tui',
  ],
};

const src = resolve(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));

/** The module specifiers a source file imports, statically, lazily, as types or as the entry of a worker. */
function importsOf(text: string): string[] {
  const patterns = [/from '([^']+)'/g, /import\('([^']+)'\)/g, /import '([^']+)'/g, /new URL\('([^']+)'/g];
  return patterns.flatMap(pattern => [...text.matchAll(pattern)].map(match => match[1] as string));
}

describe('imports run one way', () => {
  it.each(files.filter(file => file.includes('/')))('%s', file => {
    const folder = file.split('/')[0] as string;
    const allowed = mayImport[folder];
    expect(allowed, `src/${folder} is not a known room`).toBeDefined();
    for (const specifier of importsOf(readFileSync(join(src, file), 'utf8'))) {
      if (specifier.startsWith('.')) {
        const target = relative(src, resolve(dirname(join(src, file)), specifier)).split('/')[0] as string;
        if (target !== folder) expect(allowed, `${file} imports ${specifier}`).toContain(target);
      } else {
        if (folder === 'decode') expect.fail(`${file} imports ${specifier}, but src/decode is pure`);
        if (specifier === 'koffi') expect(file, 'only sys/libc.ts speaks to koffi').toBe('sys/libc.ts');
      }
    }
  });

  it('finds files to look at', () => {
    expect(files.length).toBeGreaterThan(0);
  });
});
