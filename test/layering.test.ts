/** The structure of the sources: imports run one way, in no circle, and nothing is exported in vain. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');
const below = (folder: string, extension: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith(extension))
    .map(file => join(folder, file));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));
const textOf = new Map(files.map(file => [file, readFileSync(join(src, file), 'utf8')]));
const rooms = new Set(files.filter(file => file.includes('/')).map(file => file.split('/')[0] as string));

/** Which rooms each room may import from, as the table of docs/architecture.md has it. */
const mayImport = new Map(
  [...readFileSync(join(root, 'docs/architecture.md'), 'utf8').matchAll(/^\| `src\/([a-z]+)` \|.*\| (.*) \|$/gm)].map(
    ([, room, told]) => {
      const all = [...rooms].filter(other => other !== room);
      const named = (told as string).startsWith('nothing') ? [] : (told as string).split(', ');
      return [room as string, told === 'all' ? all : named];
    },
  ),
);

interface Import {
  readonly specifier: string;
  /** The file of `src` that is meant; undefined for packages. */
  readonly file: string | undefined;
  /** It is gone once the types are. */
  readonly isType: boolean;
}

/** What a source file imports, statically, lazily, as types or as the entry of a worker. */
function importsOf(file: string): Import[] {
  const text = textOf.get(file) ?? '';
  const found = (specifier: string, isType: boolean): Import => ({
    specifier,
    file: specifier.startsWith('.') ? relative(src, resolve(dirname(join(src, file)), specifier)) : undefined,
    isType,
  });
  const named = [...text.matchAll(/(?:import|export) ([^;'"]*?) from '([^']+)'/g)].map(([, what, specifier]) => {
    const names = /^\{(.*)\}$/s.exec(what as string)?.[1]?.split(',') ?? [];
    const words = names.map(name => name.trim()).filter(name => name !== '');
    const isType =
      /^type\b/.test(what as string) || (words.length > 0 && words.every(name => name.startsWith('type ')));
    return found(specifier as string, isType);
  });
  // What is loaded when it is needed makes no circle.
  const late = [/import\('([^']+)'\)/g, /new URL\('([^']+)'/g].flatMap(pattern =>
    [...text.matchAll(pattern)].map(([, specifier]) => found(specifier as string, true)),
  );
  const bare = [...text.matchAll(/import '([^']+)'/g)].map(([, specifier]) => found(specifier as string, false));
  return [...named, ...late, ...bare];
}

describe('imports run one way', () => {
  it('between rooms that docs/architecture.md names', () => {
    expect([...mayImport.keys()].sort()).toEqual([...rooms].sort());
  });

  it.each(files.filter(file => file.includes('/')))('%s', file => {
    const room = file.split('/')[0] as string;
    for (const { specifier, file: target, isType } of importsOf(file)) {
      const other = target?.split('/')[0];
      if (other !== undefined && other !== room)
        expect(mayImport.get(room), `${file} imports ${specifier}`).toContain(other);
      if (other === undefined) {
        if (room === 'decode') expect.fail(`${file} imports ${specifier}, but src/decode is pure`);
        if (specifier === 'koffi') expect(file, 'only sys/libc.ts speaks to koffi').toBe('sys/libc.ts');
        if (specifier === 'blessed' && !isType)
          expect(file, 'only tui/terminal.ts speaks to blessed').toBe('tui/terminal.ts');
      }
    }
  });

  it.each([...mayImport])('%s needs every room that it may import from', (room, allowed) => {
    const used = files.filter(file => file.startsWith(`${room}/`)).flatMap(importsOf);
    const others = new Set(used.map(({ file }) => file?.split('/')[0]));
    for (const other of allowed) expect(others, `src/${room} imports nothing of src/${other}`).toContain(other);
  });

  it('without circles, apart from types', () => {
    const open = new Set<string>();
    const done = new Set<string>();
    const follow = (file: string, path: readonly string[]): void => {
      if (done.has(file)) return;
      expect(open.has(file), `circle: ${[...path, file].join(' → ')}`).toBe(false);
      open.add(file);
      for (const { file: target, isType } of importsOf(file))
        if (target !== undefined && !isType) follow(target, [...path, file]);
      open.delete(file);
      done.add(file);
    };
    for (const file of files) follow(file, []);
    expect(done.size).toBeGreaterThan(400);
  });
});

describe('exports', () => {
  it('of functions, classes and constants are used by another file', () => {
    const others = [...below('test', '.ts'), ...below('bench', '.mjs'), ...below('scripts', '.mjs')];
    const texts = [...textOf, ...others.map(file => [file, readFileSync(join(root, file), 'utf8')] as const)];
    const words = new Map(texts.map(([file, text]) => [file, new Set(text.match(/\w+/g))]));
    const vain = files.flatMap(file =>
      [...(textOf.get(file) ?? '').matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)]
        .map(([, name]) => name as string)
        .filter(name => ![...words].some(([other, found]) => other !== file && found.has(name)))
        .map(name => `${file}: ${name}`),
    );
    expect(vain).toEqual([]);
  });

  it('stand in files that somebody imports, or starts', () => {
    const imported = new Set(files.flatMap(importsOf).map(({ file }) => file?.replace(/\.js$/, '.ts')));
    const started = ['index.ts', 'decode/index.ts', 'cli/main.ts'];
    const elsewhere = [...below('test', '.ts'), ...below('bench', '.mjs'), ...below('scripts', '.mjs')]
      .map(file => readFileSync(join(root, file), 'utf8'))
      .join('\n');
    const lonely = files.filter(
      file =>
        !imported.has(file) &&
        !started.includes(file) &&
        !file.endsWith('.d.ts') &&
        !elsewhere.includes(`/${file.replace(/\.ts$/, '')}`),
    );
    expect(lonely).toEqual([]);
  });
});
