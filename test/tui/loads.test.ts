/** What a viewer is made of: it sees captures through the trace and engines through their socket, and nothing else. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '../../src');

/** Every file that is loaded with a file, now or later, and the packages they load. */
function loadedWith(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file) || !existsSync(join(src, file))) return;
    files.add(file);
    const text = readFileSync(join(src, file), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:^(?:import|export) (?!type )[^;]*?from |import\()'([^']+)'/gm)) {
      if (specifier.startsWith('.')) visit(relative(src, resolve(dirname(join(src, file)), specifier)));
      else packages.add(specifier);
    }
  };
  visit(entry);
  return { files, packages };
}

describe.each(['cli/open.ts', 'cli/attach.ts', 'trace/worker.ts'])('%s', entry => {
  it('loads no system calls and no engine', () => {
    const { files, packages } = loadedWith(entry);
    expect([...files].filter(file => /^(sys|proxy|peers|launch)\//.test(file))).toEqual([]);
    expect(packages).not.toContain('koffi');
    expect(files.size).toBeGreaterThan(20);
  });
});

it('blessed is known to one file, and its charts to another', () => {
  const users = (name: string) =>
    [...loadedWith('tui/viewer.ts').files].filter(file =>
      new RegExp(`import (?!type )[^;]*'${name}|(?:import|require)\\('${name}`).test(
        readFileSync(join(src, file), 'utf8'),
      ),
    );
  expect(users('blessed/lib')).toEqual(['tui/terminal.ts']);
  expect(users("blessed'")).toEqual([]);
  expect(users('blessed-contrib')).toEqual(['tui/charts.ts']);
});

describe.each(['tui/viewer', 'trace/worker'])('%s, which is built into one file', entry => {
  it('loads none of our modules besides', () => {
    const built = readFileSync(join(src, '../dist', `${entry}.js`), 'utf8');
    const imported = Array.from(built.matchAll(/(?:^import [^;]*?|import\()["']([^"']+)["']/gm), ([, name]) => name);
    expect(imported).toContain('node:fs');
    expect(imported.filter(name => name?.startsWith('.'))).toEqual([]);
  });

  it('has no classes of what it is given objects of', () => {
    const { files } = loadedWith(`${entry}.ts`);
    expect([...files].filter(file => /^(control|cli)\//.test(file) || file === 'trace/client.ts')).toEqual([]);
  });
});

it('an engine loads no interface before it is asked to', () => {
  const text = readFileSync(join(src, 'cli/viewing.ts'), 'utf8');
  expect(text).not.toMatch(/^import (?!type )[^;]*tui/m);
});
