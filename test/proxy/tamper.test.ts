import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/decode/frame.ts';
import { dice, Matches } from '../../src/proxy/hold/matches.ts';
import { type Passage, type Plan, passageOf, plainPlan, type Step } from '../../src/proxy/hold/plan.ts';
import { consider, newTally, type Rule, type Tally } from '../../src/proxy/hold/rule.ts';
import { tampers } from '../../src/proxy/tamper/index.ts';
import { message, u64 } from './stand.ts';

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
      .filter(file => !['index.ts', 'tamper.ts', 'feature-bits.ts', 'written.ts'].includes(file))
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
  const frame = { pair: 'p', session: 1, epoch: 1, channel: 'main', dir: 'front-to-back' } as Frame;
  const matching = { scope: undefined, sheltered: () => false, matched: () => new Matches().next(1, frame, rule({})) };

  /** Which of ten matches of one connection it fires at, and the last reason. */
  function firings(of: Partial<Rule>, connections: readonly number[] = Array(10).fill(1)): [number[], Tally] {
    let tally = newTally;
    const fired: number[] = [];
    const matches = new Matches();
    for (const [i, connection] of connections.entries()) {
      const matched = () => matches.next(connection, frame, rule(of));
      const result = consider(rule(of), tally, { ...matching, matched });
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

  it('by chance does not depend on what happens elsewhere meanwhile', () => {
    const drawn = (others: readonly Partial<Frame>[]): number[] => {
      const matches = new Matches();
      return Array.from({ length: 20 }, () => {
        for (const [i, other] of others.entries()) matches.next(i + 1, { ...frame, ...other }, rule({}));
        return matches.next(1, frame, rule({})).random();
      });
    };
    const alone = drawn([]);
    expect(new Set(alone).size).toBe(20);
    expect(new Matches().next(1, frame, rule({ name: 'other' })).random()).not.toBe(alone[0]);
    const elsewhere = [{ dir: 'back-to-front' }, { session: 2 }, { channel: 'backend-req' }] as const;
    expect(drawn(elsewhere)).toEqual(alone);
    for (const other of [{ pair: 'q' }, { session: 2 }, { epoch: 2 }, ...elsewhere])
      expect(new Matches().next(9, { ...frame, ...other }, rule({})).random()).not.toBe(alone[0]);
  });

  it('counts anew where a connection is over', () => {
    const matches = new Matches();
    expect([1, 1, 2].map(connection => matches.next(connection, frame, rule({})).n)).toEqual([1, 2, 1]);
    matches.forget(1);
    expect([1, 2].map(connection => matches.next(connection, frame, rule({})).n)).toEqual([1, 2]);
  });

  it('says why it did not', () => {
    const why = (of: { scope: string }) => consider(rule({}), newTally, { ...matching, ...of }).tally;
    expect(why({ scope: 'is for epoch 1, this was 2' })).toMatchObject({
      seen: 1,
      matched: 0,
      last: 'is for epoch 1, this was 2',
    });
  });
});
