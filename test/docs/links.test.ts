/** Links within the documentation lead somewhere. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, proseOf, root } from './pages.ts';

/** The anchor that a heading gets where Markdown is shown. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/[`*]|\]\([^)]*\)/g, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsIn = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading as string));

/** The targets of links and images of a page, without those that lead elsewhere. */
function targetsOf(prose: string): string[] {
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  return targets.filter(target => !/^[a-z]+:/.test(target));
}

describe('every link leads to a file, and to a heading of it', () => {
  const linking = pages.filter(page => targetsOf(proseOf(page)).length > 0);
  it('is looked for in many pages', () => expect(linking.length).toBeGreaterThan(20));

  it.each(linking.map(page => [page.path, page] as const))('%s', (path, page) => {
    for (const target of targetsOf(proseOf(page))) {
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? join(root, path) : join(root, dirname(path), file);
      expect(existsSync(found), `${path} links to ${target}`).toBe(true);
      expect(relative(root, found), `${path} links to ${target}`).not.toMatch(/^\.\./);
      if (anchor !== undefined && statSync(found).isFile())
        expect(anchorsIn(readFileSync(found, 'utf8')), `${path} links to ${target}`).toContain(anchor);
    }
  });
});
