import { expect, it } from 'vitest';
import { elsewhere } from '../../src/decode/check/elsewhere.ts';
import { rules } from '../../src/decode/check/rules/index.ts';
import { rulesDoc } from '../../src/export/derive/rules-doc.ts';

it('tells every rule under a title', () => {
  const text = rulesDoc();
  for (const { id, name } of rules) expect(text).toContain(`### ${id} ${name}\n`);
});

it('tells every other demand, and which rule sees to it', () => {
  const ids = new Set(rules.map(({ id }) => id));
  expect(elsewhere.filter(({ id }) => ids.has(id))).toEqual([]);
  expect(new Set(elsewhere.map(({ id }) => id)).size).toBe(elsewhere.length);
  for (const { id, by, why } of elsewhere) {
    expect((by === undefined) !== (why === undefined), `${id} has rules or a reason`).toBe(true);
    for (const rule of by ?? []) expect(ids, id).toContain(rule);
    expect(rulesDoc()).toContain(`| ${id} | `);
  }
});
