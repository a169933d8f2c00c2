import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Regular } from '../../../src/decode/filter/regular.ts';

/** Patterns of the supported form, to compare with the engine of the language. */
const anyPattern: fc.Arbitrary<string> = fc.letrec<{ part: string; whole: string }>(tie => ({
  part: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\d', '\\w', '\\S', '\\.', '[a-c1]'),
    fc.tuple(tie('whole'), fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{2,}')).map(([a, b]) => `(?:${a})${b}`),
  ),
  whole: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.array(tie('part'), { minLength: 1, maxLength: 4 }).map(parts => parts.join('')),
    fc.tuple(tie('part'), tie('part')).map(([a, b]) => `${a}|${b}`),
    tie('part').map(part => `^${part}`),
    tie('part').map(part => `${part}$`),
  ),
})).whole;

describe('Regular', () => {
  it('finds what the language itself finds', () => {
    fc.assert(
      fc.property(
        anyPattern,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '.', ' '), maxLength: 8 }),
        (pattern, text) => {
          // The engine of the language needs years for some nested repetitions.
          fc.pre((pattern.match(/[*+}]/g) ?? []).length <= 4);
          expect(new Regular(pattern).test(text), `/${pattern}/ on ${JSON.stringify(text)}`).toBe(
            new RegExp(pattern, 's').test(text),
          );
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('ignores case on demand', () => {
    expect(new Regular('vring', true).test('SET_VRING_NUM')).toBe(true);
    expect(new Regular('vring').test('SET_VRING_NUM')).toBe(false);
  });

  it('takes time in proportion to the text, whatever the pattern', () => {
    const text = 'a'.repeat(20_000);
    expect(new Regular('^(a+)+$').test(`${text}b`)).toBe(false);
    expect(new Regular('(a|aa)+c').test(text)).toBe(false);
    expect(new Regular('a*a*a*a*c').test(text)).toBe(false);
  });

  it.each(['((a{1000}){1000})', 'a{99999}', '(a', 'a)', '[a', '*a', 'a\\', '\\1', '(?<=a)b'])('refuses %s', pattern => {
    expect(() => new Regular(pattern)).toThrow();
  });
});
