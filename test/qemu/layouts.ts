/** Where the fields of a declared layout lie, and where those of a C struct do, as the compiler says. */
import { spawnSync } from 'node:child_process';
import { fixedSize } from '../../src/decode/decode.ts';
import type { ArrayField, Field, NamedField, Struct } from '../../src/decode/schema.ts';

/** A place in a layout; the size is NaN where the message tells it. */
export interface Place {
  offset: number;
  size: number;
}

/** The fields that have a value of their own, groups opened, with offset and size in bytes. */
export function leaves(struct: Struct, base = 0): Place[] {
  let offset = base;
  // A field that exists only under a condition belongs to a newer layout than the one compared here.
  return always(struct).flatMap(field => {
    const size = sizeOf(field);
    const place = { offset, size };
    offset += size;
    if (field.kind === 'group') return leaves(field.of, place.offset);
    if (field.kind === 'array') return repeated(field, place.offset);
    return field.kind === 'pad' ? [] : [place];
  });
}

function sizeOf(field: Field): number {
  if (field.kind === 'group') return total(field.of);
  if (field.kind === 'array') return countOf(field) * total(field.of);
  return fixedSize(field) ?? Number.NaN;
}

function always(struct: Struct): readonly NamedField[] {
  return struct.list.filter(field => field.when === undefined);
}

/** Bytes of a layout; NaN where the message tells it. */
export function total(struct: Struct): number {
  return always(struct).reduce((sum, field) => sum + sizeOf(field), 0);
}

/** An array whose length the message tells is taken to have one entry. */
function countOf({ count }: ArrayField): number {
  return typeof count === 'number' ? count : 1;
}

function repeated(field: ArrayField, offset: number): Place[] {
  return Array.from({ length: countOf(field) }, (_, at) => leaves(field.of, offset + at * total(field.of))).flat();
}

/** Runs a compiled program and returns the numbers it prints, a row for each line. */
function compileAndRun(source: string, folders: readonly string[]): number[][] {
  const script = 'd=$(mktemp -d); trap "rm -rf $d" EXIT; gcc "$@" -x c -o "$d/layout" - && "$d/layout"';
  const done = spawnSync('sh', ['-c', script, 'sh', ...folders.map(folder => `-I${folder}`)], {
    input: source,
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`gcc: ${done.stderr}`);
  return done.stdout
    .trim()
    .split('\n')
    .map(line => line.split(' ').map(Number));
}

/** Offset and size of members of a C type that a piece of C declares. `folders` are looked through for headers. */
export function layoutOf(
  type: string,
  members: readonly string[],
  code: string,
  folders: readonly string[] = [],
): Place[] {
  const prints = members.map(m => `printf("%zu %zu\\n", offsetof(${type}, ${m}), sizeof(((${type} *)0)->${m}));`);
  return printed(prints, code, folders).map(([offset = -1, size = -1]) => ({ offset, size }));
}

/** The size of a C type in bytes. */
export function sizeOfType(type: string, code: string, folders: readonly string[] = []): number {
  return printed([`printf("%zu\\n", sizeof(${type}));`], code, folders)[0]?.[0] ?? -1;
}

/** The values of C constants by their names. */
export function valuesOf(names: readonly string[], code: string, folders: readonly string[] = []): Map<string, number> {
  const values = printed(
    names.map(name => `printf("%lld\\n", (long long)${name});`),
    code,
    folders,
  );
  return new Map(names.map((name, i) => [name, values[i]?.[0] ?? Number.NaN]));
}

function printed(statements: readonly string[], code: string, folders: readonly string[]): number[][] {
  const includes = ['stdio.h', 'stddef.h', 'stdint.h', 'stdbool.h', 'sys/types.h'].map(name => `#include <${name}>`);
  return compileAndRun(
    `${includes.join('\n')}\n${code}\nint main(void) { ${statements.join('\n')} return 0; }\n`,
    folders,
  );
}

/** All constants of a kernel header. */
export function constants(header: string): Map<string, number> {
  const done = spawnSync('gcc', ['-dM', '-E', '-x', 'c', '-'], { input: `#include <${header}>\n`, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`gcc: ${done.stderr}`);
  return new Map(
    [...done.stdout.matchAll(/^#define (\w+)\s+\(?(\d+)\)?$/gm)].map(match => [match[1] as string, Number(match[2])]),
  );
}
