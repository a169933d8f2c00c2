import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRules, readRules, readyMadeRules, ruleFile, ruleKeys } from '../../src/cli/rule-file.ts';
import { compileFilter } from '../../src/decode/filter/filter.ts';
import { tampers } from '../../src/proxy/tamper/index.ts';
import { getFeatures, rowsOf, useStand } from './stand.ts';

const one = (text: string) => parseRules(`rules:\n  - ${text}\n`, 'r.yaml');

describe('a file of rules', () => {
  it('says when and what, in order, with defaults', () => {
    const text = `
seed: 7
rules:
  - name: slow
    when: SET_MEM_TABLE
    every: 2
    probability: 0.5
    do:
      - delay: 20
      - { note: slow, split: [12] }
  - do: { mask: { protocol: [MQ], virtio: [VERSION_1] } }
`;
    expect(parseRules(text, 'r.yaml').map(({ rule }) => rule)).toEqual([
      {
        ...{ name: 'slow', place: 'r.yaml:4:5', when: 'SET_MEM_TABLE', every: 2, probability: 0.5, seed: 7 },
        do: [
          { tamper: 'delay', settings: { ms: 20 } },
          { tamper: 'note', settings: 'slow' },
          { tamper: 'split', settings: { at: [12] } },
        ],
      },
      expect.objectContaining({
        name: 'rule 2',
        place: 'r.yaml:11:5',
        when: expect.stringContaining('GET_PROTOCOL_FEATURES'),
      }),
    ]);
  });

  it.each<[string, RegExp]>([
    [
      '{ when: SET_OWNE, do: { drop: true } }',
      /^r\.yaml:2:13: rules\[1\]\.when: .*SET_OWNE.*SET_OWNER.*column 1 of the filter/,
    ],
    [
      '{ when: SET_OWNER, do: { dropp: true } }',
      /^r\.yaml:2:\d+: rules\[1\]\.do\.dropp: unknown key 'dropp' \(did you mean drop\?\)/,
    ],
    ['{ when: SET_OWNER, do: [{ delay: 1 }, { split: [0] }] }', /^r\.yaml:2:\d+: rules\[1\]\.do\[2\]\.split/],
    ['{ when: SET_OWNER, do: {} }', /expected what to do: one of mask, force/],
    ['{ when: SET_OWNER, do: { drop: true }, nht: 3 }', /^r\.yaml:2:\d+: rules\[1\]: unknown key 'nht'/],
    ['{ when: SET_OWNER, do: { drop: true }, nth: 0 }', /^r\.yaml:2:\d+: rules\[1\]\.nth/],
    ['{ do: { drop: true } }', /^r\.yaml:2:5: a rule needs when/],
    ['{ do: { mask: { virtio: [MQX] } } }', /no virtio feature is called MQX/],
    ['{ do: { mask: {} } }', /expected virtio, protocol or both/],
    ['{ when: SET_OWNER, do: { close: never } }', /rules\[1\]\.do\.close/],
    ['{ when: SET_OWNER, do: { fds: [pipe] } }', /not 'pipe'/],
    [
      '{ when: SET_VRING_NUM, do: { set: { nope: 1 } } }',
      /^r\.yaml:2:47: rules\[1\]\.do\.set\.nope: SET_VRING_NUM has no field nope, it has index, num$/,
    ],
    [
      '{ when: SET_VRING_NUM, do: [{ delay: 1 }, { set: { num: ten } }] }',
      /^r\.yaml:2:61: rules\[1\]\.do\[2\]\.set\.num: expected a number$/,
    ],
    [
      '{ when: SET_VRING_NUM, do: { set: { num: -1, "index[0]": 1 } } }',
      /set\.num: expected a number of 4 .*\n.*is no list/,
    ],
    [
      '{ when: GET_CONFIG and reply, do: { set: { config.capacty: 0 } } }',
      /^r\.yaml:2:64: .*set\.config\.capacty: no device has capacty in .* \(did you mean capacity\?\)$/,
    ],
    [
      '{ when: reply, do: { set: { queue_nun: 1 } } }',
      /none of the messages .* queue_nun \(did you mean queue_num\?\)/,
    ],
    ['{ when: SET_OWNER, probability: 2, do: { drop: true } }', /rules\[1\]\.probability/],
    [
      '{ when: SET_OWNER, do: { replace: SET_VRING_NUN index=1 } }',
      /^r\.yaml:2:39: rules\[1\]\.do\.replace: no message is called SET_VRING_NUN.* \(at column 1 of the line\)$/,
    ],
    [
      '{ when: SET_OWNER, do: { inject: { message: SET_VRING_NUM nux=3 } } }',
      /^r\.yaml:2:49: rules\[1\]\.do\.inject\.message: SET_VRING_NUM has no field nux.* \(at column 15 of the line\)$/,
    ],
    ['{ when: SET_OWNER, do: { answer: okay } }', /^r\.yaml:2:38: rules\[1\]\.do\.answer: no message is called okay/],
    ['{ when: "SET_OWNER"', /^r\.yaml:\d+:\d+: /],
  ])('%s is refused with its place', (text, complaint) => {
    expect(() => one(text)).toThrow(complaint);
  });

  it('may assign what some message that it is about has', () => {
    expect(
      one(
        '{ when: message, do: { set: { num: 1, "!size": 3, config.capacity: 0, config.mac: "52:54:00:00:00:01" } } }',
      ),
    ).toHaveLength(1);
    expect(one('{ when: request, do: { set: { "regions[1].size": 1 } } }')).toHaveLength(1);
  });

  it.each(readyMadeRules())('%s comes with the program and can be read', name => {
    const [first] = readRules([ruleFile(name)]);
    expect(first?.rule.do.length).toBeGreaterThan(0);
    expect(compileFilter(first?.rule.when as string).text).not.toBe('');
    expect(first?.tables.some(table => table.includes(1))).toBe(true);
  });

  it('is looked for as a path and among those that come with the program', () => {
    expect(ruleFile('without-config')).toMatch(/rules\/without-config\.yaml$/);
    expect(() => ruleFile('without-confg')).toThrow(/nor rules of that name \(did you mean without-config\?\)/);
    expect(() => ruleFile('../package')).toThrow(/no file/);
  });
});

describe('docs/intercept.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/intercept.md'), 'utf8');

  it.each(Object.values(tampers))('tells what $name does', ({ name, meaning }) => {
    expect(text).toContain(`| \`${name}\` | ${meaning} |`);
  });

  it.each(readyMadeRules())('tells of %s', name => {
    const about = readFileSync(ruleFile(name), 'utf8').match(/^# .*/gm) ?? [];
    expect(text).toContain(`| \`${name}\` | ${about.map(line => line.slice(2)).join(' ')} |`);
  });

  it.each([...ruleKeys.rule])('tells of the key %s', key => {
    expect(text).toMatch(new RegExp(`^\\|.*\`${key}\``, 'm'));
  });
});

const stand = useStand();

describe('vhuscope proxy --rules', () => {
  /** What a front-end is answered on GET_FEATURES. */
  async function asked(): Promise<string> {
    const frontEnd = connect(stand.path('f'));
    frontEnd.write(getFeatures);
    const [answer] = await once(frontEnd, 'data');
    frontEnd.destroy();
    return answer.readBigUInt64LE(12).toString(16);
  }
  const rules = (bit: string) => `rules:\n  - name: no ${bit}\n    do: { mask: { virtio: [${bit}] } }\n`;

  it('applies rules, reads them again when they change, and stays with them when they are wrong', async () => {
    await stand.backEnd(stand.path('b'));
    writeFileSync(stand.path('r.yaml'), rules('VERSION_1'));
    const proxy = stand.vhuscope('proxy', 'f', 'b', '-w', 'c.pcapng', '--device', 'fs', '--rules', 'r.yaml');
    await proxy.says(/listening/);
    expect(await asked()).toBe('40000000');
    writeFileSync(stand.path('r.yaml'), rules('PROTOCOL_FEATURES'));
    await proxy.says(/rules read again: 1 in r\.yaml/);
    expect(await asked()).toBe('100000000');
    writeFileSync(stand.path('r.yaml'), rules('NO_SUCH_BIT'));
    await proxy.says(/warning: the rules stay as they were: r\.yaml:3:\d+: .*no virtio feature is called NO_SUCH_BIT/);
    expect(await asked()).toBe('100000000');
    proxy.child.kill('SIGTERM');
    expect(await proxy.ended).toBe(0);
    const altered = rowsOf(stand.path('c.pcapng')).filter(({ frame }) => frame.sentBytes !== undefined);
    expect(altered.map(({ frame }) => frame.answers !== undefined)).toEqual([true, true, true]);
  });

  it.each<[string[], RegExp]>([
    [['--rules', 'no-such'], /no file of rules no-such, nor rules of that name/],
    [['--hold', 'SET_FEATURE'], /--hold: .*SET_FEATURE.*\n.*SET_FEATURE\n {2}\^/],
    [['--hold-for', '3'], /--hold-for needs --hold/],
    [['--hold', 'reply', '--hold-for', '3', '--hold-forever'], /contradict each other/],
  ])('%j is wrong usage', async (options, message) => {
    const proxy = stand.vhuscope('proxy', 'f', 'b', ...options);
    expect(await proxy.ended).toBe(2);
    expect(proxy.err()).toMatch(message);
  });
});
