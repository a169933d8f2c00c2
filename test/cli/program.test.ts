import { describe, expect, it } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { commands, loadAll } from '../../src/cli/index.ts';
import { buildProgram, CommanderError, usageErrorOf } from '../../src/cli/program.ts';
import { byteSize, explain, Failure, UsageError, wholeNumber } from '../../src/cli/usage.ts';

interface Seen {
  args?: readonly string[];
  options?: object;
}

/** A command with one of each kind of argument and option. */
function sample(seen: Seen): Command {
  return {
    name: 'sample',
    summary: 'try things',
    about: 'Tries things.',
    arguments: [
      { name: '<file>', meaning: 'a file' },
      { name: '[words...]', meaning: 'words' },
    ],
    options: [
      { flags: '-k, --keep <n>', meaning: 'how many', parse: wholeNumber('--keep', 1) },
      { flags: '--colour <when>', meaning: 'when', choices: ['always', 'never'] },
      { flags: '--no-wait', meaning: 'do not wait' },
      { flags: '--also <x>', meaning: 'more', repeats: true },
    ],
    examples: [{ line: 'vhuscope sample x', meaning: 'tries x' }],
    async run(args, options) {
      Object.assign(seen, { args, options });
      return 3;
    },
  };
}

async function runProgram(argv: string[], change: Partial<Command> = {}) {
  const seen: Seen = {};
  let out = '';
  let status = 0;
  let error: unknown;
  const print = (text: string) => {
    out += text;
  };
  const ran = {
    before: () => {},
    after: (value: number) => {
      status = value;
    },
  };
  try {
    await buildProgram([{ ...sample(seen), ...change }], { out: print, err: print }, ran).parseAsync(argv, {
      from: 'user',
    });
  } catch (thrown) {
    error = thrown instanceof CommanderError ? usageErrorOf(thrown, argv[0]) : thrown;
  }
  return { ...seen, out, status, error: error === undefined ? undefined : explain(error) };
}

describe('the program', () => {
  it('hands arguments, options and the exit status through', async () => {
    expect(await runProgram(['sample', 'f', 'a', 'b', '-k', '4', '--also', '1', '--also', '2'])).toMatchObject({
      args: ['f', 'a', 'b'],
      options: { keep: 4, wait: true, also: ['1', '2'] },
      status: 3,
      error: undefined,
    });
  });

  it('leaves the options of a command that is passed through alone', async () => {
    const change = { passThrough: true, arguments: [{ name: '<words...>', meaning: 'words' }] };
    expect(await runProgram(['sample', '-k', '4', 'qemu', '-k', '--colour'], change)).toMatchObject({
      args: ['qemu', '-k', '--colour'],
      options: { keep: 4 },
    });
    expect(await runProgram(['sample', '--', 'qemu', '-k', '--', 'x'], change)).toMatchObject({
      args: ['qemu', '-k', '--', 'x'],
    });
  });

  it.each([
    [['sampel'], /unknown command 'sampel'\n\(Did you mean sample\?\)/],
    [['sample', 'f', '--colur', 'always'], /unknown option '--colur'\n\(Did you mean --colour\?\)/],
    [['sample'], /^missing required argument 'file'; see vhuscope sample --help$/],
    [['unheard-of'], /^unknown command 'unheard-of'; see vhuscope --help$/],
    [['sample', 'f', '--colour', 'blue'], /'blue' is invalid.*always, never/],
    [['sample', 'f', '-k', '0'], /--keep: expected a whole number of at least 1, not '0'/],
    [[], /^$/],
  ])('%j is wrong usage', async (argv, text) => {
    const { error } = await runProgram(argv);
    expect(error?.status).toBe(2);
    expect(error?.text).toMatch(text);
  });

  it('shows examples in the help of a command', async () => {
    const { out, error } = await runProgram(['sample', '--help']);
    expect(error).toBeUndefined();
    expect(out).toMatch(/Examples:\n {2}vhuscope sample x\n {6}tries x/);
  });
});

describe('the commands', () => {
  it('are listed under their own names, each with a summary, a text and examples', async () => {
    const definitions = await loadAll();
    expect(definitions.map(({ name }) => name)).toEqual(Object.keys(commands));
    for (const { name, summary, about, examples } of definitions) {
      expect(summary, name).toMatch(/^[a-z].*[^.]$/);
      expect(about, name).toMatch(/^[A-Z].*\.$/s);
      expect(examples.length, name).toBeGreaterThan(0);
      for (const { line } of examples) expect(line, name).toContain(`vhuscope ${name}`);
    }
  });
});

describe('errors', () => {
  it.each([
    [new UsageError('no such thing'), 2, 'no such thing'],
    [new Failure('the disk is gone'), 1, 'the disk is gone'],
    [Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' }), 1, 'ENOENT: no such file'],
  ])('%s ends with a line', (error, status, text) => {
    expect(explain(error)).toEqual({ status, text });
  });

  it('shows the stack of a bug', () => {
    expect(explain(new TypeError('x is not a function')).text).toMatch(/bug in vhuscope.*\nTypeError.*\n\s+at /s);
  });

  it.each([
    ['4096', 4096],
    ['64K', 65_536],
    ['3m', 3_145_728],
    ['2G', 2_147_483_648],
  ])('reads the size %s', (text, bytes) => expect(byteSize('--rotate')(text)).toBe(bytes));

  it.each(['', '-1', '1.5M', 'K', '9999999999999T'])('refuses the size %j', text => {
    expect(() => byteSize('--rotate')(text)).toThrow(/^--rotate: expected a size/);
  });
});
