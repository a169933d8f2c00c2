/** docs/dialects.md: how implementations are known, and where they disagree. */
import { dialects as disagreements } from '../../decode/check/rules/dialects.ts';
import { families, type Version } from '../../decode/dialects/evidence.ts';
import { type Habit, habits } from '../../decode/dialects/habits.ts';
import { dialectNames } from '../../decode/dialects/peers.ts';
import { programs } from '../../decode/dialects/programs.ts';

const version = (of: Version) => of.join('.');

function tells({ dialect, weight, since, before }: Habit): string {
  const name = dialectNames[dialect];
  if (weight > 0) return weight > 1 ? `${name}` : `${name}, weakly`;
  return `${name} ${since ? `${version(since)} or later` : `before ${before ? version(before) : ''}`}`;
}

const cell = (text: string) => text.replaceAll('|', '\\|');

function table(side: Habit['side']): string {
  const rows = habits.filter(one => one.side === side).map(one => `| ${cell(one.text)} | ${tells(one)} |`);
  return ['| what is seen | what it tells |', '|---|---|', ...rows].join('\n');
}

/** The text of docs/dialects.md. */
export function dialectsDoc(): string {
  const named = programs.map(
    ({ name, side, dialect }) => `| \`${cell(name.source)}\` | ${side} | ${dialectNames[dialect]} |`,
  );
  const made = Object.entries(families).map(
    ([one, of]) => `${dialectNames[one as keyof typeof families]} of ${of && dialectNames[of]}`,
  );
  const rules = disagreements.map(({ id, name, condition }) => `| [${id}](rules.md) ${name} | ${condition} |`);
  return `<!-- generated: npm run generate -->
# Dialects

Implementations differ, within the specification and beyond it. vhuscope tells who speaks on both sides of a connection:
\`vhuscope check\` says so in a line for each peer, with the evidence.

A program's name decides: of the process that holds the socket, which the recording keeps. Where it does not tell (two
programs are called \`virtiofsd\`), or is not in the recording, habits on the wire speak; what weighs most is believed. Some
habits tell only how old an implementation is, once it is known: QEMU 7.2 and 10.0 are told apart by them alone. Held
against every recording in \`captures/\`, whose programs are known, with and without their names.

Some are made with the library of another, and have its habits: ${made.join(', ')}.

## Programs

| name, as a regular expression | side | implementation |
|---|---|---|
${named.join('\n')}

\`virtiofsd\` is libvhost-user below \`/qemu/\` or with a version of QEMU, rust-vmm with a version that begins with 1.

## Habits of front-ends

${table('front-end')}

## Habits of back-ends

${table('back-end')}

## Where they disagree

Said when both are known and what they disagree about comes up.

| rule | when |
|---|---|
${rules.join('\n')}
`;
}
