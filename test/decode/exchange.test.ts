import { describe, expect, it } from 'vitest';
import { messageByName } from '../../src/decode/catalog.ts';
import { type Answering, answering } from '../../src/decode/exchange.ts';
import type { Context } from '../../src/decode/frame.ts';
import { Pairing } from '../../src/decode/pairing.ts';

const replyAck: Context = { protocolFeatures: 0b1010n };
const without: Context = { protocolFeatures: 0n };

const rules: readonly (readonly [name: string, needReply: boolean, Context, Answering])[] = [
  ['GET_FEATURES', false, without, 'own'],
  ['GET_FEATURES', true, replyAck, 'own'],
  ['SET_VRING_NUM', false, replyAck, 'never'],
  ['SET_VRING_NUM', true, replyAck, 'ack'],
  ['SET_VRING_NUM', true, {}, 'ack'],
  ['SET_VRING_NUM', true, without, 'maybe'],
  ['SET_LOG_BASE', false, replyAck, 'own'],
  ['SET_LOG_BASE', false, without, 'never'],
  ['POSTCOPY_END', true, without, 'own'],
  ['BACKEND_SHARED_OBJECT_LOOKUP', false, without, 'own'],
  ['GPU_UPDATE', false, {}, 'never'],
  ['GPU_DMABUF_UPDATE', false, {}, 'own'],
  ['UNKNOWN', true, replyAck, 'ack'],
];

describe('answering', () => {
  it.each(rules)('%s, need_reply %s, %o: %s', (name, needReply, context, expected) => {
    const facts = { context, size: 0, fdCount: 0, first: 0, assumed: false };
    expect(answering(messageByName(name)?.spec, needReply, facts)).toBe(expected);
  });
});

describe('Pairing', () => {
  it('answers the oldest request of a number that must be answered', () => {
    const pairing = new Pairing('main');
    pairing.request(1, 8, 0x1, 8, replyAck);
    pairing.request(2, 8, 0x9, 8, replyAck);
    pairing.request(3, 1, 0x1, 0, replyAck);
    pairing.request(4, 8, 0x9, 8, replyAck);
    expect([pairing.reply(8), pairing.reply(1), pairing.reply(8)]).toEqual([2, 3, 4]);
    expect(pairing.reply(15)).toBe(0);
  });

  it('takes the last of those that need not be answered, as in postcopy', () => {
    const pairing = new Pairing('main');
    pairing.request(1, 5, 0x1, 40, replyAck);
    pairing.request(2, 5, 0x1, 40, replyAck);
    expect([pairing.reply(5), pairing.reply(5)]).toEqual([2, 0]);
  });

  it('does not wait for acknowledgements that were asked for without having been negotiated', () => {
    const pairing = new Pairing('main');
    pairing.request(1, 22, 0x9, 32, without);
    pairing.request(2, 22, 0x9, 32, without);
    expect(pairing.reply(22)).toBe(2);
  });

  it('stays bounded when nobody answers', () => {
    const pairing = new Pairing('main');
    for (let n = 1; n <= 1000; n++) pairing.request(n, 1, 0x1, 0, {});
    expect(pairing.reply(1)).toBe(1000 - 63);
  });
});
