/** Keeps the captures of the scenarios as the corpus in `captures/`, each with a page that tells how it came about. */
import { copyFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CaptureRecord } from './capture.ts';
import type { Side } from './conversation.ts';
import { run } from './programs.ts';
import { rig } from './rig.ts';
import { inTrixie } from './trixie.ts';

const corpus = resolve(import.meta.dirname, '../../captures');

/** Captures are kept only on request: `npm run record`. */
const recording = process.env.VHUSCOPE_RECORD === '1';

/** What a page is made from. */
export interface Kept {
  capture: string;
  records(): CaptureRecord[];
  /** The command lines, in the order in which they were started. */
  commands: { who: Side | 'vhuscope'; command: readonly string[] }[];
}

/** What a recording was held against. Where there was no back-end, or a simulated one, there is no trace of it. */
function heldAgainst({ commands }: Kept): string[] {
  return commands.some(({ who }) => who === 'back-end')
    ? ['The peers ran under strace, and the capture was held against', 'what both of them sent and received.']
    : ['QEMU ran under strace, and the capture was held against', 'what it sent and received.'];
}

/**
 * Copies a capture into the corpus and writes its page.
 * @param name of the files
 * @param story what the capture shows: a title, then sentences
 */
export function keep(kept: Kept, name: string, story: readonly string[]): void {
  if (!recording) return;
  copyFileSync(kept.capture, join(corpus, `${name}.pcapng`));
  const [title = name, ...text] = story;
  const [against, ...whom] = heldAgainst(kept);
  const commands = kept.commands.map(({ who, command }) => `# ${who}${origin(command)}\n${shown(command)}`);
  const page = [
    `# ${title}`,
    '',
    ...text,
    '',
    `${statSync(kept.capture).size} bytes, recorded with \`npm run record\`. ${against}`,
    ...whom,
    '',
    '## Commands',
    '',
    '```sh',
    commands.join('\n\n'),
    '```',
    '',
    '## Messages',
    '',
    ...counts(kept.records()),
    '',
  ];
  writeFileSync(join(corpus, `${name}.md`), page.join('\n'));
}

/** The command without the words that lead into the chroot. */
function inner(command: readonly string[]): readonly string[] {
  return command[0] === 'unshare' ? command.slice(inTrixie([]).length) : command;
}

/** ": package version" of the program that a command runs. */
function origin(command: readonly string[]): string {
  return inner(command)[0] === 'vhuscope' ? '' : `: ${packageOf(command)}`;
}

/** Package and version of the program that a command runs, here or in the chroot. */
export function packageOf(command: readonly string[]): string {
  const program = inner(command)[0] as string;
  const ask = 'p=$(dpkg -S "$(command -v "$0")" | cut -d: -f1); echo "$p $(dpkg -s "$p" | sed -n "s/^Version: //p")"';
  const query = ['sh', '-c', ask, program];
  const [shell = '', ...args] = command[0] === 'unshare' ? inTrixie(query) : query;
  return run(shell, args).trim();
}

/** A command line as one would type it, without the folders of the rig. */
function shown(command: readonly string[]): string {
  const words = inner(command).map(word =>
    word.replaceAll(new RegExp(`${rig}/(run/)?([\\w.-]+/)?`, 'g'), '').replaceAll(/-\d+$/g, ''),
  );
  const quoted = words.map(word => (/[\s;*?$"'()]/.test(word) ? `'${word}'` : word));
  return quoted.map((word, at) => (at > 0 && word.startsWith('-') ? `\\\n  ${word}` : word)).join(' ');
}

/** A table with a row for each channel and direction: how often each message crossed it. */
function counts(records: readonly CaptureRecord[]): string[] {
  const rows = new Map<string, Map<string, number>>();
  for (const record of records) {
    if (record.type !== 'request' && record.type !== 'reply') continue;
    const row = `${record.channel} | ${record.dir}`;
    const names = rows.get(row) ?? new Map<string, number>();
    rows.set(row, names);
    const name = `${record.name}${record.type === 'reply' ? ' reply' : ''}`;
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  if (rows.size === 0) return ['None.'];
  const lines = [...rows].map(([row, names]) => {
    const list = [...names].map(([name, count]) => (count > 1 ? `${name} × ${count}` : name));
    return `| ${row} | ${list.join(', ')} |`;
  });
  return ['| channel | direction | messages |', '|---|---|---|', ...lines];
}
