import { describe, expect, it } from 'vitest';
import { completeFilter } from '../../../src/decode/filter/complete.ts';
import { compileFilter, fieldNamed, fieldNames } from '../../../src/decode/filter/filter.ts';

const words = (text: string) => completeFilter(text).offers.map(({ word }) => word);

describe('completeFilter', () => {
  it.each<[string, string[]]>([
    ['GET_VR', ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN']],
    ['reply and vring.ind', ['vring.index']],
    ['fd.kind == ev', ['eventfd']],
    ['iotlb.type in {MISS, UP', ['UPDATE']],
    ['protocol_features has MT', ['MTU']],
    ['vring.index ha', ['has']],
    ['vring.index ', ['==', '!=', '<', '<=', '>', '>=', 'in', '~', '!~', 'has', '&']],
  ])('%s', (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it('says what the offer replaces', () => {
    expect(completeFilter('reply and vri').from).toBe('reply and '.length);
  });

  it('offers names that the language understands', () => {
    for (const word of words('')) if (word !== 'not') expect(() => compileFilter(word), word).not.toThrow();
  });
});

describe('fields', () => {
  it('are found by the names of the Wireshark dissector as well', () => {
    expect(fieldNamed('vhost_user.vring.index')).toBe(fieldNamed('vring.index'));
  });

  it('each say what they mean', () => {
    for (const name of fieldNames()) expect(fieldNamed(name)?.doc, name).toBeDefined();
  });
});
