import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectionAccount } from '../../src/decode/account/account.ts';
import type { OutsetStep } from '../../src/decode/account/outset.ts';
import { isSame } from '../../src/decode/compare/aspect.ts';
import { aspects } from '../../src/decode/compare/aspects/index.ts';
import { type Comparison, compare } from '../../src/decode/compare/compare.ts';
import { align } from '../../src/decode/compare/order.ts';
import { accountOf } from '../../src/trace/accounting.ts';

const folder = resolve(import.meta.dirname, '../../captures');
const captures = readdirSync(folder).filter(name => name.endsWith('.pcapng'));
const connectionOf = (name: string, at = 0): ConnectionAccount => {
  const { connections } = accountOf(join(folder, name));
  return connections[at] as ConnectionAccount;
};
const differences = ({ aspects: all }: Comparison, id: string) => all.find(one => one.id === id)?.different;

describe.each(captures)('%s', name => {
  it('is the same as itself', () => {
    const one = connectionOf(name);
    const { same, aspects: all, order } = compare(one, connectionOf(name));
    expect(same).toBe(true);
    expect(all.flatMap(aspect => aspect.different)).toEqual([]);
    expect(all.find(aspect => aspect.id === 'protocol_features')?.same).toBeGreaterThan(0);
    expect(order.length).toBeGreaterThan(10);
  });
});

describe('two connections', () => {
  it('may be the same although the sockets were turned round', () => {
    expect(compare(connectionOf('net.pcapng'), connectionOf('net-front-end-listens.pcapng')).same).toBe(true);
  });

  it('show what two implementations offer', () => {
    const compared = compare(connectionOf('fs.pcapng'), connectionOf('rust-virtiofsd.pcapng'));
    expect(compared.same).toBe(false);
    expect(differences(compared, 'protocol_features')).toEqual([
      { name: 'HOST_NOTIFIER', a: 'accepted' },
      { name: 'RESET_DEVICE', b: 'accepted' },
      { name: 'DEVICE_STATE', b: 'offered, not accepted' },
    ]);
    expect(differences(compared, 'limits')).toEqual([{ name: 'memory slots', a: '32', b: '509' }]);
    expect(compared.order.every(row => row.change === 'same')).toBe(true);
  });

  it('show what two versions of QEMU send', () => {
    const compared = compare(connectionOf('fs.pcapng'), connectionOf('qemu10-fs.pcapng'));
    expect(differences(compared, 'protocol_features')).toEqual([]);
    expect(compared.order.filter(row => row.change === 'only-b').map(row => row.what)).toEqual([
      'SET_VRING_ENABLE 0 need_reply',
      'SET_VRING_ENABLE 1 need_reply',
      'SET_VRING_ENABLE 0 need_reply',
      'SET_VRING_ENABLE 1 need_reply',
    ]);
  });

  it('show what a failing run leaves out, and what follows', () => {
    const compared = compare(connectionOf('net.pcapng'), connectionOf('unshared-net.pcapng'));
    expect(differences(compared, 'memory')).toContainEqual({ name: 'guest 0x0', a: '256M, memfd' });
    expect(differences(compared, 'diagnoses')?.map(one => [one.name, one.a])).toEqual([
      ['guest memory is not shared with the back-end', undefined],
    ]);
    const lost = compared.order.filter(row => row.change === 'only-a').map(row => row.what);
    expect(lost[0]).toBe('SET_MEM_TABLE need_reply');
    expect(lost).toHaveLength(16);
  });

  it('may be two epochs of one capture', () => {
    const compared = compare(connectionOf('reconnect.pcapng', 0), connectionOf('reconnect.pcapng', 1));
    expect(differences(compared, 'virtio_features')).toEqual([]);
    expect(differences(compared, 'diagnoses')?.[0]?.name).toBe('a peer died');
    expect(differences(compared, 'progress')).toContainEqual({ name: 'ring 0 from', a: '0', b: '6' });
  });
});

describe('the order', () => {
  const steps = (words: string): OutsetStep[] =>
    words.split(' ').map((name, i) => ({
      ...{ n: i + 1, wallNs: 0n, name, channel: 'main', ring: undefined, phase: 'start', needReply: false, times: 1 },
    }));
  const changes = (a: string, b: string) =>
    align(steps(a), steps(b)).map(
      ({ change, what }) => `${{ same: '', 'only-a': '-', 'only-b': '+', moved: '>' }[change]}${what}`,
    );

  it.each([
    ['A B C', 'A B C', 'A B C'],
    ['A B C', 'A C', 'A -B C'],
    ['A C', 'A B C', 'A +B C'],
    ['A B C', 'A X C', 'A -B +X C'],
    ['A B C D', 'A C D B', 'A >B C D >B'],
  ])('of %s and %s', (a, b, expected) => {
    expect(changes(a, b).join(' ')).toBe(expected);
  });

  it('does not look at what happens while rings run', () => {
    const running = steps('A B').map(step => ({ ...step, phase: 'running' as const }));
    expect(align(running, [])).toEqual([]);
  });
});

describe('facts', () => {
  it.each([
    [1e6, 1.9e6, true],
    [1e5, 9e5, true],
    [1e6, 2.1e6, false],
    [1e6, 4e6, false],
    [1e9, 1.9e9, true],
  ])('about times of %d and %d ns are the same: %s', (a, b, same) => {
    expect(isSame({ text: 'a', ns: a }, { text: 'b', ns: b })).toBe(same);
  });

  it('have aspects with ids of their own', () => {
    expect(new Set(aspects.map(one => one.id)).size).toBe(aspects.length);
  });
});
