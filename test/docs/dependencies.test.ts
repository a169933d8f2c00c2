/** docs/dependencies.md tells what package.json has, in the versions it has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pages, root } from './pages.ts';

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  overrides: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const text = pages.find(({ path }) => path === 'docs/dependencies.md')?.text ?? '';
const numbers = [
  'no',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];

/** Packages and versions in the first column of the table under a heading. */
function told(heading: string): string[] {
  const [, section = ''] = text.split(`## ${heading}\n`);
  const rows = section.split('\n## ')[0]?.match(/^\| (?!package)[^|]*\d[^|]* \|/gm) ?? [];
  return rows.flatMap(row => row.replace(/^\| | \|$/g, '').split(', ')).sort();
}

const had = (packages: Record<string, string>): string[] =>
  Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .sort();

it('each has a row', () => {
  expect(told('At run time')).toEqual(had(manifest.dependencies));
  expect(told('For development')).toEqual(had(manifest.devDependencies));
  for (const [name, version] of Object.entries(manifest.overrides))
    expect(text).toMatch(new RegExp(`\`${name}\` ${version}`));
});

it('counts them', () => {
  const count = (packages: object): string => numbers[Object.keys(packages).length] ?? 'many';
  const { dependencies, devDependencies } = manifest;
  expect(text.toLowerCase()).toContain(
    `${count(dependencies)} packages at run time, ${count(devDependencies)} for development`,
  );
});

it('pins each exactly', () => {
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies }))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});
