/** Every command line that the documentation shows is one that the program takes: verbs, options, values, filters. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { verbs } from '../../src/cli/ctl/index.ts';
import { loadAll } from '../../src/cli/index.ts';
import { buildProgram, CommanderError } from '../../src/cli/program.ts';
import { compileFilter } from '../../src/decode/filter/filter.ts';
import { blocksOf, type Page, pages, proseOf, root } from './pages.ts';

/** The words of a shell's line up to a pipe, a redirection or a remark. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  const item = /\s*(?:#.*|((?:"[^"]*"|'[^']*'|[^\s'"|<>;&])+)|([|<>;&]))/y;
  for (;;) {
    const found = item.exec(line);
    if (found?.[1] === undefined) return words;
    words.push(found[1].replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
  }
}

/** A command line as it is shown; in running text the words behind the command may be left out. */
interface Shown {
  readonly line: string;
  readonly whole: boolean;
}

/** The command lines of a page: in blocks with or without a prompt, and in running text between backticks. */
function commandLines(page: Page): Shown[] {
  const inBlocks = blocksOf(page).flatMap(block => block.replace(/\\\n\s*/g, '').split('\n'));
  const inProse = [...proseOf(page).matchAll(/`([^`]+)`/g)].map(([, code]) => (code as string).replace(/\s+/g, ' '));
  const shown = (lines: readonly string[], whole: boolean): Shown[] =>
    lines.flatMap(text => {
      const line = /^(?:\$ )?(?:sudo )?(vhuscope .*)/.exec(text)?.[1];
      return line === undefined ? [] : [{ line, whole }];
    });
  return [...shown(inBlocks, true), ...shown(inProse, false)];
}

/** What stands for something that the reader puts in, or for more of the same. */
const isLeftOut = (word: string): boolean => /^…$|^\[.*\]$/.test(word);

const definitions = await loadAll();

/** What is meant: the command, with its words and options. Throws what the program would say. */
async function parsed(
  words: readonly string[],
  whole = true,
): Promise<{ name: string; args: readonly string[]; options: object }> {
  const complete = whole && !words.some(isLeftOut);
  const ran: { name: string; args: readonly string[]; options: object }[] = [];
  const tried = definitions.map<Command>(definition => ({
    ...definition,
    arguments: complete
      ? definition.arguments
      : definition.arguments.map(one => ({ ...one, name: one.name.replace('<', '[').replace('>', ']') })),
    run: async (args, options) => {
      ran.push({ name: definition.name, args, options });
      return 0;
    },
  }));
  const nothing = () => {};
  const program = buildProgram(tried, { out: nothing, err: nothing }, { before: nothing, after: nothing });
  try {
    await program.parseAsync(
      words.filter(word => !isLeftOut(word)),
      { from: 'user' },
    );
  } catch (error) {
    if (whole || !(error instanceof CommanderError) || error.code !== 'commander.optionMissingArgument') throw error;
  }
  return ran[0] ?? { name: '', args: [], options: {} };
}

/** A filter, where there is one, is one; files of this repository are there. */
function examine({ name, args, options }: Awaited<ReturnType<typeof parsed>>): void {
  if (name === 'ctl' && args.length > 0) expect(Object.keys(verbs)).toContain(args[0]);
  const isFile = (word: string) => word.endsWith('.pcapng') || word === 'FILE';
  const filters = [
    ...(name === 'read' || name === 'export' ? [args.filter(word => !isFile(word)).join(' ')] : []),
    ...(name === 'ctl' && args[0] === 'hold' ? [args.slice(1).join(' ')] : []),
    ...('hold' in options ? [options.hold].flat() : []),
  ];
  for (const filter of filters) if (typeof filter === 'string' && filter !== '') compileFilter(filter);
  for (const word of args)
    if (word.startsWith('captures/') && !word.includes('*'))
      expect(existsSync(join(root, word.replace(/#.*/, ''))), word).toBe(true);
}

describe('every command line of the documentation is understood', () => {
  const showing = pages.filter(page => commandLines(page).length > 0);
  it('is looked for in many pages', () => {
    expect(showing.length).toBeGreaterThan(40);
    expect(pages.flatMap(commandLines).length).toBeGreaterThan(200);
  });

  it.each(showing.map(page => [page.path, page] as const))('%s', async (_, page) => {
    for (const { line, whole } of commandLines(page)) {
      const [, ...words] = wordsOf(line);
      const understood = parsed(words, whole).then(examine);
      await expect(understood, line).resolves.toBeUndefined();
    }
  });

  it('and what is wrong is found', async () => {
    await expect(parsed(wordsOf('proxy A B --no-such'))).rejects.toThrow('unknown option');
    await expect(parsed(wordsOf('raed x.pcapng'))).rejects.toThrow('unknown command');
    await expect(parsed(['ctl', 'hodl']).then(examine)).rejects.toThrow();
    await expect(parsed(wordsOf("read x.pcapng 'vring.indx == 0'")).then(examine)).rejects.toThrow('there is no field');
  });
});
