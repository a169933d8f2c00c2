/** What the documentation shows of the recordings in captures/ is what the program prints of them. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, pages, root } from './pages.ts';

const main = join(root, 'dist/cli/main.js');
const reading = /^\$ vhuscope ((?:read|check|report|diff|explain) [^|>\n]*captures\/[^|>\n]*)\n(.*)$/s;

/** Blocks with a command line that reads recordings of this repository, and what is shown below it. */
const shown = pages.flatMap(page =>
  blocksOf(page).flatMap(block => {
    const [, command, output] = reading.exec(block) ?? [];
    return command === undefined ? [] : [{ path: page.path, command, output: output as string }];
  }),
);

const folded = (text: string): string => text.replace(/\s+/g, ' ').trim();

describe('the documentation shows what is printed', () => {
  it('by several commands', () => expect(shown.length).toBeGreaterThan(5));

  // Lines may be left out or cut short, where … says so.
  it.each(shown)('$path: vhuscope $command', ({ command, output }) => {
    const { stdout, stderr } = spawnSync('sh', ['-c', `"$0" "$1" ${command}`, process.execPath, main], {
      cwd: root,
      encoding: 'utf8',
    });
    const printed = folded(`${stdout} ${stderr}`);
    for (const line of output.split('\n')) {
      if (line.startsWith('$ ')) break;
      expect(printed, line).toContain(folded(line.replace(/…$/, '')));
    }
  });
});
