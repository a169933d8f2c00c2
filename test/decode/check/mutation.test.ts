/**
 * Whether the rows of the table would notice a broken rule: each rule is taken out, made deaf and turned round, and for
 * each of these its row must fail. A row passes if the edited recording has the finding and the real one does not.
 */
import { describe, expect, it } from 'vitest';
import type { Found, Rule } from '../../../src/decode/check/rule.ts';
import { rules } from '../../../src/decode/check/rules/index.ts';
import { findings, recording, sayings } from './recordings.ts';
import { ofTwoConnections, rows } from './rules.table.ts';

type Result = Found | readonly Found[] | undefined;

const isSilent = (result: Result) => result === undefined || (Array.isArray(result) && result.length === 0);
const turned = (result: Result): Result => (isSilent(result) ? 'turned round' : undefined);

/** The same rule with another answer. */
function answering(rule: Rule, answer: (result: Result) => Result): Rule {
  if ('atEnd' in rule) return { ...rule, atEnd: end => answer(rule.atEnd(end)) };
  if ('checkRaw' in rule) return { ...rule, checkRaw: step => answer(rule.checkRaw(step)) };
  return { ...rule, check: step => answer(rule.check(step)) };
}

const mutants: readonly (readonly [name: string, mutate: (rule: Rule) => readonly Rule[]])[] = [
  ['taken out', () => []],
  ['made deaf', rule => [answering(rule, () => undefined)]],
  ['turned round', rule => [answering(rule, turned)]],
];

const told = (list: readonly Rule[], id: string, name: string, edit: (typeof rows)[number][2]) => {
  const before = new Set(sayings(findings(recording(name), list)));
  return sayings(findings(edit(recording(name)), list)).filter(one => !before.has(one) && one.includes(` ${id} `));
};

describe.each(mutants)('a rule that is %s', (_, mutate) => {
  it.each(rows.map(([id, name, edit]) => ({ id, name, edit })))('fails the row of $id: $name', ({ id, name, edit }) => {
    const rule = rules.find(one => one.id === id) as Rule;
    const wanted = told([rule], id, name, edit);
    expect(wanted.length).toBeGreaterThan(0);
    expect(told(mutate(rule), id, name, edit)).not.toEqual(wanted);
  });
});

describe('the rules about two connections', () => {
  it('have tests of their own', () => {
    const inTable = new Set(rows.map(([id]) => id));
    expect(rules.map(({ id }) => id).filter(id => !inTable.has(id))).toEqual(ofTwoConnections);
  });
});
