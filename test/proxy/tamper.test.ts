import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Passage, type Plan, passageOf, plainPlan, type Step } from '../../src/proxy/hold/plan.ts';
import { armedRule, consider, dice, newTally, type Rule, type Tally } from '../../src/proxy/hold/rule.ts';
import { tampers } from '../../src/proxy/tamper/index.ts';
import { createEventFd } from '../../src/sys/event-fd.ts';
import { close } from '../../src/sys/libc.ts';
import { message, put, Stand, take, u64 } from './stand.ts';

const netFeatures = message(1, u64(0x1_4040_8001n), 5);

function passage(bytes: Buffer, device: number | undefined, fdCount: number): Passage {
  const dir = (bytes.readUInt32LE(4) & 4) === 0 ? 'front-to-back' : 'back-to-front';
  return passageOf(bytes, { channel: 'main', dir, context: device === undefined ? {} : { device }, fdCount });
}

/** What a tamper makes of a message; its settings are read as from a file. */
function treated(name: string, settings: unknown, bytes: Buffer, device?: number, fdCount = 0): Plan {
  const tamper = tampers[name];
  if (tamper === undefined) throw new Error(`no tamper ${name}`);
  const plan = plainPlan(bytes, fdCount);
  const random = dice(1, 1);
  return tamper.apply(plan, tamper.settings.parse(settings), passage(bytes, device, fdCount), { random });
}

/** Steps in short: what is done, and the payload or setting. */
function short(step: Step): string {
  const bytes = 'bytes' in step ? ` ${Buffer.from(step.bytes).toString('hex')}` : '';
  const fds = 'fds' in step && step.fds.length > 0 ? ` fds ${JSON.stringify(step.fds)}` : '';
  const cuts = 'cuts' in step && step.cuts.length > 0 ? ` cuts ${step.cuts}` : '';
  return `${step.do}${bytes}${fds}${cuts}${'ms' in step ? ` ${step.ms}` : ''}${'text' in step ? ` ${step.text}` : ''}`;
}

const hex = (bytes: Buffer): string => bytes.toString('hex');
const num = message(8, u64(0x100_0000_0000n));

describe('tampers', () => {
  it('index and folder agree', () => {
    const files = readdirSync(join(import.meta.dirname, '../../src/proxy/tamper'))
      .filter(file => !['index.ts', 'tamper.ts', 'feature-bits.ts'].includes(file))
      .map(file => file.replace('.ts', ''));
    expect(Object.keys(tampers).sort()).toEqual(files.sort());
  });

  it.each<[string, unknown, Buffer, number | undefined, string[]]>([
    ['mask', { virtio: ['MQ'] }, netFeatures, 1, [`send ${hex(message(1, u64(0x1_4000_8001n), 5))}`]],
    ['mask', { virtio: ['VIRTIO_NET_F_MQ', 32] }, netFeatures, 1, [`send ${hex(message(1, u64(0x4000_8001n), 5))}`]],
    ['mask', { protocol: ['REPLY_ACK'] }, message(16, u64(9)), undefined, [`send ${hex(message(16, u64(1)))}`]],
    ['force', { protocol: ['NET_MTU'] }, message(15, u64(1), 5), undefined, [`send ${hex(message(15, u64(17), 5))}`]],
    ['force', { virtio: ['LOG_ALL'] }, message(2, u64(0)), 26, [`send ${hex(message(2, u64(1n << 26n)))}`]],
    ['set', { num: 512 }, num, undefined, [`send ${hex(message(8, u64(0x200_0000_0000n)))}`]],
    ['set', { '!size': 4, need_reply: true }, num, undefined, [`send 08000000090000000400000000000000${'00010000'}`]],
    ['replace', 'F→B SET_VRING_NUM index=1 num=2', num, undefined, [`send ${hex(message(8, u64(0x2_0000_0001n)))}`]],
    ['replace', { hex: hex(message(3)) }, num, undefined, [`send ${hex(message(3))}`]],
    ['payload', '01 02', num, undefined, [`send ${hex(message(8, [1, 2]))}`]],
    ['payload', '', num, undefined, [`send ${hex(message(8))}`]],
    ['split', [4, 12], num, undefined, [`send ${hex(num)} cuts 4,12`]],
    ['split', { at: [13, 3], pause_ms: 5 }, num, undefined, [`send ${hex(num)} cuts 3,13`]],
    ['delay', 20, num, undefined, ['wait 20', `send ${hex(num)}`]],
    ['hold', true, num, undefined, ['hold 30000', `send ${hex(num)}`]],
    ['hold', { forever: true }, num, undefined, ['hold Infinity', `send ${hex(num)}`]],
    ['drop', true, num, undefined, []],
    ['duplicate', true, num, undefined, [`send ${hex(num)}`, `inject ${hex(num)}`]],
    ['duplicate', { times: 2 }, num, undefined, [`send ${hex(num)}`, `inject ${hex(num)}`, `inject ${hex(num)}`]],
    ['answer', 'error', num, undefined, [`answer ${hex(message(8, u64(1), 5))}`]],
    ['answer', 7, num, undefined, [`answer ${hex(message(8, u64(7), 5))}`]],
    ['answer', 'empty', message(24, Buffer.alloc(20)), undefined, [`answer ${hex(message(24, [], 5))}`]],
    ['close', 'before', num, undefined, ['close']],
    ['close', 'after', num, undefined, [`send ${hex(num)}`, 'close']],
    ['stop-reading', true, num, undefined, [`send ${hex(num)}`, 'stop-reading']],
    ['inject', { message: 'SET_OWNER' }, num, undefined, [`send ${hex(num)}`, `inject ${hex(message(3))}`]],
    [
      ...['inject', { message: 'SET_OWNER', where: 'before', fds: 'eventfd' }, num, undefined],
      [`inject ${hex(message(3))} fds [{"fresh":"eventfd"}]`, `send ${hex(num)}`],
    ] as [string, unknown, Buffer, undefined, string[]],
    ['note', 'look here', num, undefined, [`send ${hex(num)}`, 'note look here']],
  ])('%s %j', (name, settings, bytes, device, steps) => {
    expect(treated(name, settings, bytes, device).steps.map(short)).toEqual(steps);
  });

  it('choose descriptors', () => {
    const kick = message(12, u64(0));
    const shown = (settings: unknown[]) => treated('fds', settings, kick, undefined, 2).steps.map(short);
    expect(shown([])).toEqual([`send ${hex(kick)}`]);
    expect(shown([1, 'eventfd', 'memfd:4K', 'null'])).toEqual([
      `send ${hex(kick)} fds [1,{"fresh":"eventfd"},{"fresh":"memfd","size":4096},{"fresh":"null"}]`,
    ]);
    expect(() => shown([2])).toThrow('there is no descriptor 2, 2 came');
    expect(() => shown(['pipe'])).toThrow();
  });

  it('corrupt bytes of the payload, the same ones each time', () => {
    const [first, second] = [1, 2].map(() => treated('corrupt', { bytes: 2 }, num).steps.map(short));
    expect(first).toEqual(second);
    expect(first?.[0]).toMatch(/^send 080000000100000008000000/);
    expect(first?.[0]).not.toBe(`send ${hex(num)}`);
    expect(() => treated('corrupt', true, message(3))).toThrow('no payload to corrupt');
    expect(treated('corrupt', { from: 0 }, message(3)).steps.map(short)).not.toEqual([`send ${hex(message(3))}`]);
  });

  it('that change nothing leave the plan as it is', () => {
    const plan = plainPlan(num, 0);
    const set = tampers.set?.apply(plan, { num: 256 }, passage(num, undefined, 0), { random: () => 0 });
    expect(set).toBe(plan);
    const features = message(2, u64(0));
    const before = plainPlan(features, 0);
    expect(tampers.mask?.apply(before, { virtio: ['LOG_ALL'] }, passage(features, 1, 0), { random: () => 0 })).toBe(
      before,
    );
  });

  it.each<[string, unknown, Buffer, RegExp]>([
    ['mask', { virtio: ['MQ'] }, netFeatures, /MQ is another bit for each device type/],
    ['mask', { protocol: ['MQ'] }, num, /SET_VRING_NUM has no mask of features/],
    ['answer', 'ok', netFeatures, /it is a reply/],
    ['inject', { message: 'BACKEND_CONFIG_CHANGE_MSG' }, num, /belongs to another channel/],
    ['set', { nothing: 1 }, num, /no field nothing/],
  ])('%s %j is refused where it cannot be', (name, settings, bytes, message) => {
    expect(() => treated(name, settings, bytes)).toThrow(message);
  });
});

describe('whether a rule fires', () => {
  const rule = (of: Partial<Rule>): Rule => ({ name: 'r', when: '', do: [], ...of });
  const matching = { scope: undefined, sheltered: () => false };

  /** Which of ten matches of one connection it fires at, and the last reason. */
  function firings(of: Partial<Rule>, connections: readonly number[] = Array(10).fill(1)): [number[], Tally] {
    let tally = newTally;
    const fired: number[] = [];
    for (const [i, connection] of connections.entries()) {
      const result = consider(rule(of), tally, { ...matching, connection });
      tally = result.tally;
      if (result.fires) fired.push(i + 1);
    }
    return [fired, tally];
  }

  it.each<[Partial<Rule>, number[], string]>([
    [{}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 'fired'],
    [{ nth: 3 }, [3], 'match 10 of the connection, not 3'],
    [{ every: 4 }, [4, 8], 'match 10 of the connection, fires at every 4'],
    [{ times: 2 }, [1, 2], 'has fired 2 times already'],
    [{ every: 3, times: 2 }, [3, 6], 'match 10 of the connection, fires at every 3'],
    [{ probability: 0 }, [], 'not this time, by chance'],
    [{ probability: 1 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 'fired'],
  ])('%j', (of, fired, last) => {
    const [at, tally] = firings(of);
    expect(at).toEqual(fired);
    expect(tally).toMatchObject({ seen: 10, matched: 10, fired: fired.length, last });
  });

  it('counts each connection by itself', () => {
    expect(firings({ nth: 2 }, [1, 2, 1, 2, 2])[0]).toEqual([3, 4]);
  });

  it('by chance is the same again with the same seed, and not with another', () => {
    const [a, b, c] = [7, 7, 8].map(seed => firings({ probability: 0.5, seed }, Array(200).fill(1))[0]);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    expect(a?.length).toBeGreaterThan(70);
    expect(a?.length).toBeLessThan(130);
  });

  it('says why it did not', () => {
    const facts = { ...matching, connection: 1 };
    const why = (of: Partial<typeof facts> | { scope: string }) =>
      consider(rule({}), newTally, { ...facts, ...of }).tally;
    expect(why({ scope: 'is for epoch 1, this was 2' })).toMatchObject({
      seen: 1,
      matched: 0,
      last: 'is for epoch 1, this was 2',
    });
  });
});

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

  it('go on counting where a file that has changed has them unchanged', () => {
    const once = armedRule({ name: 'once', when: 'SET_VRING_NUM', times: 1, do: [act('drop', true)] });
    relay();
    stand.relay.ask('set-rules', { rules: [once] });
    put(peers.front, num);
    stand.settle();
    stand.relay.ask('set-rules', {
      rules: [armedRule({ name: 'other', when: 'SET_OWNER', do: [act('note', 'x')] }), once],
    });
    put(peers.front, num);
    stand.settle();
    expect(take(peers.back).bytes).toEqual(num);
    expect(stand.relay.ask('rules', {})).toMatchObject([{ name: 'other' }, { name: 'once', matched: 2, fired: 1 }]);
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
