import { describe, expect, it } from 'vitest';
import { type Phrase, parsePhrase } from '../../src/decode/phrase.ts';
import { type JsonObject, say } from '../../src/decode/text/sentence.ts';

const said = (phrase: Phrase, body: JsonObject): string =>
  say(parsePhrase(phrase, ['event']), { body, frame: { n: 7, session: 2, epoch: 3 } });

describe('a phrase', () => {
  it.each<[Phrase, JsonObject, string]>([
    ['{a} and {b.c}', { a: 'x', b: { c: [1, 'y'] } }, 'x and [1,"y"]'],
    ['{a}{b.c.d}.', { a: null, b: { c: 'text' } }, '.'],
    ['record {@n} of {@session}.{@epoch}', {}, 'record 7 of 2.3'],
    ["{a/b/'nobody'}", { a: '', b: 0 }, '0'],
    ["{a/b/'nobody'}", { a: [] }, 'nobody'],
    ['x[ by {a}[, {b}]]', { a: 1, b: false }, 'x by 1, false'],
    ['x[ by {a}[, {b}]]', { a: 1 }, 'x by 1'],
    ['x[ by {a}[, {b}]]', { b: 2 }, 'x'],
    ['{a|; } and {b|, }, {a|#} and {b|#}', { a: ['x', { y: 1 }], b: 'alone' }, 'x; {"y":1} and alone, 2 and 0'],
    ['\\[{a}\\] \\{b}', { a: 1 }, '[1] {b}'],
    ['{of}:{*}', { event: 'e', of: 3, b: null, c: 'd', e: [1] }, '3: (c d, e [1])'],
    ['none{*}', { event: 'e' }, 'none'],
    [{ of: 'a', are: { false: 'no', 3: ['three ', '{b}'] }, otherwise: 'other', absent: 'none' }, { a: false }, 'no'],
    [{ of: 'a', are: { false: 'no', 3: ['three ', '{b}'] }, otherwise: 'other' }, { a: 3, b: 'x' }, 'three x'],
    [{ of: 'a.b', are: { constructor: 'no' }, otherwise: 'other' }, { a: { b: 'toString' } }, 'other'],
    [{ of: 'a.b', otherwise: 'other', absent: 'none' }, { a: 'text' }, 'none'],
    [['{*}', { of: 'a', otherwise: '[{b}]' }], { a: 1, b: 2, c: 3 }, ' (c 3)2'],
  ])('%j of %j', (phrase, body, expected) => {
    expect(said(phrase, body)).toBe(expected);
  });

  it.each(['{a', 'x[ {a}', '{a b}', '{}'])('%s is none', text => {
    expect(() => parsePhrase(text)).toThrow(text);
  });
});
