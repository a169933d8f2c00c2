/** Shell completion. The shells' scripts call back `vhuscope complete -- WORDS…`; the answers come from the definitions. */
import { RootCommand, ShellCompDirective, script } from '@bomb.sh/tab';
import type { Command } from './command.ts';
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

/** Describes the program to the completion engine; `completeFiles` is called when the shell should offer file names. */
export function completionsOf(definitions: readonly Command[]): RootCommand {
  const root = new RootCommand();
  let files = false;
  // The engine always forbids the shell's own file names; here they are wanted wherever a definition says so.
  Object.defineProperty(root, 'directive', {
    get: () => (files ? ShellCompDirective.ShellCompDirectiveDefault : ShellCompDirective.ShellCompDirectiveNoFileComp),
    set: () => {},
  });
  const handler =
    (completes: 'file' | readonly string[] | undefined) => (offer: (word: string, text: string) => void) => {
      if (completes === 'file') files = true;
      else for (const word of completes ?? []) offer(word, '');
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
      completionsOf(await loadAll()).parse([...args]);
      return 0;
    }
    const shell = args[0] ?? '';
    if (!shells.includes(shell)) throw new UsageError(`complete: expected one of ${shells.join(', ')}, not '${shell}'`);
    script(shell, 'vhuscope', 'vhuscope');
    if (shell === 'bash') console.log(bashAddition);
    return 0;
  },
};
