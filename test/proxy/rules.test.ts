/** Rules at work: what they do to messages on their way. */
import { afterEach, describe, expect, it } from 'vitest';
import { armedRule, type Rule } from '../../src/proxy/hold/rule.ts';
import { tampers } from '../../src/proxy/tamper/index.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close } from '../../src/sys/libc.ts';
import { shutDown } from '../../src/sys/socket.ts';
import { message, put, Stand, take, u64 } from './stand.ts';

const netFeatures = message(1, u64(0x1_4040_8001n), 5);
const num = message(8, u64(0x100_0000_0000n));

describe('rules in the relay', () => {
  let stand: Stand;
  let peers: { front: number; back: number };
  const extra: number[] = [];

  function relay(...rules: Partial<Rule>[]): void {
    stand = new Stand({ device: { id: 1, from: 'option', reason: 'test', confidence: 'certain' } });
    const armed = rules.map((of, i) => armedRule({ name: `rule ${i + 1}`, when: 'message', do: [], ...of }));
    stand.relay.ask('set-rules', { rules: armed });
    peers = stand.connect();
  }
  afterEach(() => {
    for (const fd of [peers.front, peers.back, ...extra.splice(0)]) close(fd);
    stand.close();
  });
  const act = (tamper: string, settings: unknown) => ({ tamper, settings: tampers[tamper]?.settings.parse(settings) });

  it('mask a feature in what is offered and in what is acknowledged', () => {
    const settings = { virtio: ['MQ'] };
    relay({ when: tampers.mask?.when?.(settings) ?? '', do: [act('mask', settings)] });
    put(peers.front, message(1));
    stand.settle();
    put(peers.back, netFeatures);
    stand.settle();
    expect(take(peers.front).bytes).toEqual(message(1, u64(0x1_4000_8001n), 5));
    put(peers.front, message(2, u64(0x1_4040_8001n)));
    stand.settle();
    expect(take(peers.back).bytes.subarray(12)).toEqual(message(2, u64(0x1_4000_8001n)));
    const records = stand.records();
    expect(records.map(({ header, event }) => event?.event ?? (header.sentBytes ? 'altered' : 'message'))).toEqual([
      ...['connected', 'message', 'altered', 'edited', 'altered', 'edited'],
    ]);
    expect(records[3]?.event).toEqual({ event: 'edited', of: 3, by: 'rule 1', did: ['without MQ'] });
    expect(stand.relay.ask('rules', {})).toMatchObject([{ seen: 3, matched: 2, fired: 2, last: 'fired' }]);
  });

  it('are told from each other in the order in which they stand', () => {
    relay(
      { when: 'SET_VRING_NUM', do: [act('set', { num: 1 })] },
      { when: 'SET_VRING_NUM', do: [act('duplicate', true)] },
    );
    put(peers.front, num);
    stand.settle();
    const one = message(8, u64(0x1_0000_0000n));
    expect(take(peers.back).bytes).toEqual(Buffer.concat([one, one]));
  });

  it('answer, and close at the nth message', () => {
    relay(
      { when: 'SET_OWNER', do: [act('answer', 'error')] },
      { when: 'request', nth: 3, do: [act('close', 'after')] },
    );
    put(peers.front, message(3, [], 9));
    put(peers.front, message(1));
    stand.settle();
    expect(take(peers.front).bytes).toEqual(message(3, u64(1), 5));
    put(peers.front, message(15));
    stand.settle();
    expect(take(peers.back)).toMatchObject({ bytes: Buffer.concat([message(1), message(15)]), end: 'eof' });
    expect(take(peers.front).end).toBe('eof');
  });

  it('delay one direction while the other goes on, and say so', async () => {
    relay({ when: 'SET_VRING_NUM', do: [act('delay', 30)] });
    put(peers.front, Buffer.concat([num, message(3)]));
    put(peers.back, message(2, u64(0), 5));
    stand.settle();
    expect(take(peers.back).bytes.length).toBe(0);
    expect(take(peers.front).bytes.length).toBe(20);
    let came: Uint8Array = Buffer.alloc(0);
    while (came.length < 32) {
      stand.relay.turn(50);
      came = Buffer.concat([came, take(peers.back).bytes]);
    }
    expect(came).toEqual(Buffer.concat([num, message(3)]));
    const [, reply, delayed] = [undefined, ...stand.messages()];
    expect(reply?.header.heldNs).toBeUndefined();
    expect(Number(delayed?.header.heldNs)).toBeGreaterThan(25e6);
  });

  it('split a message into pieces that can be told apart', () => {
    relay({ when: 'SET_VRING_NUM', do: [act('split', { at: [12], pause_ms: 10 })] });
    put(peers.front, num);
    stand.settle();
    expect(take(peers.back).bytes).toEqual(num.subarray(0, 12));
    let rest: Uint8Array = Buffer.alloc(0);
    while (rest.length === 0) {
      stand.relay.turn(20);
      rest = take(peers.back).bytes;
    }
    expect(rest).toEqual(num.subarray(12));
  });

  it('send copies with the same descriptors', () => {
    relay({ when: 'SET_VRING_KICK', do: [act('duplicate', true)] });
    const kick = createEventFd();
    extra.push(kick);
    put(peers.front, message(12, u64(0)), [kick]);
    stand.settle();
    expect(take(peers.back, 20).fds.map(({ at }) => at)).toEqual([0, 20]);
    const [own, copy] = stand.messages();
    expect([own?.header.injected, copy?.header.injected]).toEqual([undefined, true]);
  });

  it('read nothing more behind a message', () => {
    relay({ when: 'SET_VRING_NUM', do: [act('stop-reading', true)] });
    put(peers.front, Buffer.concat([num, message(3)]));
    stand.settle();
    put(peers.back, message(2, u64(0), 5));
    stand.settle();
    expect(take(peers.back).bytes).toEqual(num);
    expect(take(peers.front).bytes.length).toBe(20);
  });

  it('read nothing more behind a message until its sender closes, which ends the connection', () => {
    relay({ when: 'SET_VRING_NUM', do: [act('stop-reading', true)] });
    put(peers.front, Buffer.concat([num, message(3)]));
    stand.settle();
    shutDown(peers.front, 'write');
    stand.settle();
    put(peers.back, message(2, u64(0), 5));
    stand.settle();
    expect(take(peers.back)).toMatchObject({ bytes: num, end: 'open' });
    expect(take(peers.front).bytes.length).toBe(20);
    close(peers.front);
    stand.settle();
    expect(take(peers.back).end).toBe('eof');
    expect(stand.reports.findLast(({ type }) => type === 'closed')).toMatchObject({
      ...{ how: 'eof', first: 'front-end', undelivered_bytes: 12 },
    });
    const [, lost] = stand.records().filter(({ header }) => header.kind !== 'event' && header.dir === 'front-to-back');
    expect(lost).toMatchObject({ bytes: message(3), header: { kind: 'raw', sentNs: 0n } });
    peers.front = createEventFd();
  });

  it.each([1, 2, 3])('keep order and descriptors of bursts that they delay and split, seed %i', seed => {
    relay(
      { when: 'SET_VRING_NUM', probability: 0.05, seed, do: [act('delay', { ms: 0.2, jitter: 1 })] },
      { when: 'message', probability: 0.03, seed, do: [act('split', { at: [3, 14], pause_ms: 0.5 })] },
      { when: 'SET_VRING_KICK', probability: 0.2, seed, do: [act('note', 'seen')] },
    );
    const kick = createEventFd();
    extra.push(kick);
    const wires = Array.from({ length: 2000 }, (_, i) =>
      i % 40 === 0
        ? { bytes: message(12, u64(i)), fds: [kick] }
        : { bytes: message(i % 3 === 0 ? 3 : 8, i % 3 === 0 ? [] : u64(i)), fds: [] },
    );
    const sent = [...wires];
    const got: { bytes: Buffer; fds: number[] } = { bytes: Buffer.alloc(0), fds: [] };
    const length = wires.reduce((sum, { bytes }) => sum + bytes.length, 0);
    while (got.bytes.length < length) {
      // As many as the socket takes, so that they lie there together.
      while (sent[0] !== undefined && put(peers.front, sent[0].bytes, sent[0].fds) > 0) sent.shift();
      stand.relay.turn(2);
      stand.forgetRecords();
      for (let taken = take(peers.back, 1 << 12); ; taken = take(peers.back, 1 << 12)) {
        got.fds.push(...taken.fds.flatMap(({ inodes }) => inodes));
        got.bytes = Buffer.concat([got.bytes, taken.bytes]);
        if (taken.bytes.length === 0) break;
      }
    }
    expect(got.bytes.equals(Buffer.concat(wires.map(({ bytes }) => bytes)))).toBe(true);
    expect(got.fds).toHaveLength(wires.length / 40);
    for (const { name, fired } of stand.relay.ask('rules', {})) expect([name, fired > 0]).toEqual([name, true]);
  });

  it('let exactly what was before it through a burst where they read no more', () => {
    relay({ when: 'SET_VRING_NUM', nth: 500, do: [act('stop-reading', true)] });
    const burst = Buffer.concat(Array.from({ length: 1000 }, (_, i) => message(8, u64(i))));
    let at = 0;
    let came: Buffer = Buffer.alloc(0);
    for (let idle = 0; idle < 5; idle++) {
      const taken = put(peers.front, burst.subarray(at, at + 4096));
      if (taken > 0) at += taken;
      stand.settle();
      stand.forgetRecords();
      const { bytes } = take(peers.back);
      came = Buffer.concat([came, bytes]);
      if (bytes.length > 0) idle = 0;
    }
    expect(came.equals(burst.subarray(0, 500 * 20))).toBe(true);
    expect(take(peers.front).end).toBe('open');
  });

  it('go on counting where a file that has changed has them unchanged', () => {
    const once = (place: string) =>
      armedRule({ name: 'once', place, when: 'SET_VRING_NUM', times: 1, do: [act('drop', true)] });
    relay();
    stand.relay.ask('set-rules', { rules: [once('r.yaml:2:3')] });
    put(peers.front, num);
    stand.settle();
    stand.relay.ask('set-rules', {
      rules: [armedRule({ name: 'other', when: 'SET_OWNER', do: [act('note', 'x')] }), once('r.yaml:5:3')],
    });
    put(peers.front, num);
    stand.settle();
    expect(take(peers.back).bytes).toEqual(num);
    expect(stand.relay.ask('rules', {})).toMatchObject([
      { name: 'other' },
      { name: 'once', place: 'r.yaml:5:3', matched: 2, fired: 1 },
    ]);
  });

  it('that cannot be carried out leave the message alone, and say why', () => {
    relay({ when: 'SET_OWNER', do: [act('corrupt', true)] });
    put(peers.front, message(3));
    stand.settle();
    expect(take(peers.back).bytes).toEqual(message(3));
    expect(stand.relay.ask('rules', {})[0]).toMatchObject({
      fired: 0,
      last: expect.stringMatching(/could not be done: it has no/),
    });
  });
});
