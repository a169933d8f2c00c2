/** Shell completion. The shells' scripts call back `vhuscope complete -- WORDS…`; the answers come from the definitions. */
import { RootCommand, ShellCompDirective, script } from '@bomb.sh/tab';
import { completeFilter } from '../decode/filter/complete.ts';
import type { ArgumentSpec, Command } from './command.ts';
import { filesThenFilter } from './files-then-filter.ts';
import { UsageError } from './usage.ts';

const shells = ['bash', 'zsh', 'fish'];

/**
 * What the script for bash lacks: it needs a function of the package bash-completion, which may not be installed, and
 * file names where they are wanted.
 */
const bashAddition = `
if ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} cword=$COMP_CWORD
        words=("\${COMP_WORDS[@]}")
    }
fi
complete -o default -F __vhuscope_complete vhuscope`;

/** The last word of an option's flags without its dashes, and the letter of its short form. */
function flagsOf(flags: string): { long: string; short: string | undefined; takesValue: boolean } {
  const long = /--([a-z0-9-]+)/.exec(flags)?.[1] ?? '';
  return { long, short: /^-(\w)\b/.exec(flags)?.[1], takesValue: /[<[]/.test(flags) };
}

/** Words for the end of a filter. A shell exchanges the word that is being typed, which may be only a part of it. */
function filterWords(filter: string): { word: string; meaning: string }[] {
  const wordStart = filter.lastIndexOf(' ') + 1;
  const { from, offers } = completeFilter(filter);
  return offers.map(({ word, meaning }) => ({ word: filter.slice(wordStart, from) + word, meaning }));
}

/** Describes the program to the completion engine, for the words that were typed; the last one is still being typed. */
export function completionsOf(definitions: readonly Command[], typed: readonly string[]): RootCommand {
  const root = new RootCommand();
  let files = false;
  // The engine always forbids the shell's own file names; here they are wanted wherever a definition says so.
  Object.defineProperty(root, 'directive', {
    get: () => (files ? ShellCompDirective.ShellCompDirectiveDefault : ShellCompDirective.ShellCompDirectiveNoFileComp),
    set: () => {},
  });
  const handler = (completes: ArgumentSpec['completes']) => (offer: (word: string, text: string) => void) => {
    if (completes === 'file' || completes === 'file-then-filter') files = true;
    if (completes === 'file-then-filter') {
      const words = typed.slice(1).filter(word => !word.startsWith('-'));
      if (words.length < 2) return;
      for (const { word, meaning } of filterWords(filesThenFilter(words).filter)) offer(word, meaning);
    } else if (completes !== 'file') for (const word of completes ?? []) offer(word, '');
  };
  for (const definition of definitions) {
    const command = root.command(definition.name, definition.summary);
    for (const argument of definition.arguments) {
      command.argument(argument.name, handler(argument.completes), argument.name.includes('...'));
    }
    for (const option of definition.options) {
      const { long, short, takesValue } = flagsOf(option.flags);
      if (takesValue) command.option(long, option.meaning, handler(option.choices ?? option.completes), short);
      else if (short) command.option(long, option.meaning, short);
      else command.option(long, option.meaning);
    }
  }
  return root;
}

/** `vhuscope complete SHELL` prints the script; `vhuscope complete -- WORDS…` is what the script runs. */
export const command: Command = {
  name: 'complete',
  summary: 'print a shell completion script',
  about: 'Prints a completion script for bash, zsh or fish. Source it from the start-up file of your shell.',
  arguments: [{ name: '[words...]', meaning: 'bash, zsh or fish', completes: shells }],
  options: [],
  examples: [
    {
      line: 'source <(vhuscope complete bash)',
      meaning: 'complete in this bash; add the line to ~/.bashrc to keep it',
    },
    { line: 'vhuscope complete fish > ~/.config/fish/completions/vhuscope.fish', meaning: 'install it for fish' },
  ],
  async run(args) {
    // The parser has eaten the `--` that tells the two uses apart.
    if (process.argv[3] === '--') {
      const { loadAll } = await import('./index.ts');
      completionsOf(await loadAll(), args).parse([...args]);
      return 0;
    }
    const shell = args[0] ?? '';
    if (!shells.includes(shell)) throw new UsageError(`complete: expected one of ${shells.join(', ')}, not '${shell}'`);
    script(shell, 'vhuscope', 'vhuscope');
    if (shell === 'bash') console.log(bashAddition);
    return 0;
  },
};
