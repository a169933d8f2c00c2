/** The pages of the documentation: README, CONTRIBUTING, CHANGELOG, docs/ and the stories of the recordings. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');

/** A page by its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

const below = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name))
    .sort();

/** Every page, in the order in which they are met. */
export const pages: readonly Page[] = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...below('docs'),
  ...below('captures'),
].map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** The blocks of a page between lines of three backticks. */
export function blocksOf({ text }: Page): string[] {
  return [...text.matchAll(/^```[^\n]*\n(.*?)^```$/gms)].map(([, block]) => block as string);
}

/** The page without its blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```[^\n]*\n.*?^```$/gms, '');
}
