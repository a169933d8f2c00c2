import { describe, expect, it } from 'vitest';
import { Pairing } from '../../src/decode/pairing.ts';

const request = 1;
const needReply = 9;

describe('which request a reply answers', () => {
  it('the oldest one of its number that must be answered', () => {
    const pairing = new Pairing('main');
    pairing.request(1, 1, request, 0, {});
    pairing.request(2, 1, request, 0, {});
    expect([pairing.reply(1), pairing.reply(1), pairing.reply(1)]).toEqual([1, 2, 0]);
  });

  it('of several equal requests the one that asked for an answer', () => {
    const pairing = new Pairing('main');
    for (let n = 1; n <= 5; n++) pairing.request(n, 18, n === 3 ? needReply : request, 8, {});
    expect(pairing.reply(18)).toBe(3);
  });

  it('the last one of its number where none had to be answered: postcopy', () => {
    const pairing = new Pairing('main');
    pairing.request(1, 5, request, 40, {});
    pairing.request(2, 5, request, 40, {});
    expect([pairing.reply(5), pairing.reply(5)]).toEqual([2, 0]);
  });

  it('a message that is answered only where a feature was agreed on', () => {
    const pairing = new Pairing('main');
    pairing.request(1, 6, request, 16, { protocolFeatures: 2n });
    pairing.request(2, 6, request, 16, { protocolFeatures: 2n });
    expect(pairing.reply(6)).toBe(1);
  });

  it('none for a reply nobody asked for', () => {
    expect(new Pairing('main').reply(1)).toBe(0);
  });

  it('on the gpu channel flags mean nothing', () => {
    const pairing = new Pairing('gpu');
    pairing.request(1, 8, needReply, 100, {});
    pairing.request(2, 3, 0, 0, {});
    expect([pairing.reply(3), pairing.reply(3)]).toEqual([2, 0]);
  });

  it('forgets requests that are never answered', () => {
    const pairing = new Pairing('main');
    for (let n = 1; n <= 1000; n++) pairing.request(n, 1, request, 0, {});
    expect(pairing.reply(1)).toBe(1000 - 63);
    for (let id = 10_000; id < 20_000; id++) pairing.request(id, id, needReply, 0, {});
    expect(pairing.reply(19_999)).toBe(0);
  });
});
