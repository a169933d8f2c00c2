import { expect, it } from 'vitest';
import { rules } from '../../src/decode/check/rules/index.ts';
import { areasWithoutTitle, rulesDoc } from '../../src/export/derive/rules-doc.ts';

it('tells every rule under a title', () => {
  expect(areasWithoutTitle()).toEqual([]);
  const text = rulesDoc();
  for (const { id, name } of rules) expect(text).toContain(`### ${id} ${name}\n`);
});
