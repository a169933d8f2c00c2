import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/decode/check/rule.ts';
import { rules } from '../../src/decode/check/rules/index.ts';
import { identify, type Peers, unknownPeers, withProgram } from '../../src/decode/dialects/peers.ts';
import { type CheckResult, findingsFormats } from '../../src/export/findings/index.ts';

const finding = (more: Partial<Finding>): Finding => ({
  rule: 'MEM-05',
  name: 'region-beyond-descriptor',
  severity: 'warning',
  message: 'needs 0x2000 bytes of a memfd of 0x1000',
  side: 'front-end',
  records: [7],
  pair: 'fs',
  session: 1,
  epoch: 1,
  spec: 'Memory region description',
  remedy: 'check the size of the memory back-end',
  ...more,
});
const result = (more: Partial<CheckResult>): CheckResult => ({
  file: 'vm.pcapng',
  findings: [],
  verdicts: [],
  speakers: [],
  messages: 12,
  connections: 1,
  unread: [],
  ...more,
});
const print = (name: string, ...results: CheckResult[]) =>
  findingsFormats.find(format => format.name === name)?.print(results, { colour: false }) ?? '';

describe('findings as text', () => {
  it('take one line where nothing is wrong', () => {
    expect(print('text', result({}))).toBe('vm.pcapng: 12 messages on 1 connection: nothing to complain about\n');
  });

  it('name the peers and how they are known, together where they are the same', () => {
    const habit = { side: 'back-end', dialect: 'dpdk', text: 'it does that', n: 4, weight: 2 } as const;
    const program = (of: Peers, version: string) =>
      withProgram(of, 'front-end', { executable: '/usr/bin/qemu-system-x86_64', version }, 1);
    const peers = (version: string) => program({ ...unknownPeers, 'back-end': { habits: [habit] } }, version);
    const speakers = ['7.2', '7.2', '10.0'].map((version, i) => ({
      ...{ pair: 'p', session: 1, epoch: i + 1 },
      peers: [identify(peers(version), 'front-end'), identify(peers(version), 'back-end')],
    }));
    expect(
      print('text', result({ speakers, connections: 3 }))
        .split('\n')
        .slice(1),
    ).toEqual([
      '  front-end: QEMU 7.2: runs qemu-system-x86_64 (connection 1.1, 1.2)',
      '  front-end: QEMU 10.0: runs qemu-system-x86_64 (connection 1.3)',
      '  back-end: DPDK: it does that (record 4)',
      '',
    ]);
  });

  it('put what says the same together, worst first', () => {
    const error = finding({ rule: 'FD-01', name: 'descriptor-count', severity: 'error', message: 'two', records: [9] });
    const text = print('text', result({ findings: [finding({}), finding({ records: [8] }), error] }));
    const heads = text.split('\n').filter(line => /^ {2}\w/.test(line));
    expect(heads).toEqual([
      '  error FD-01 descriptor-count, front-end, record 9',
      '  warning MEM-05 region-beyond-descriptor, front-end, records 7, 8',
    ]);
  });

  it('cannot steer the terminal', () => {
    const text = print('text', result({ file: 'a\x1b[2Jb', findings: [finding({ message: '\x1b]0;x\x07' })] }));
    expect(text).not.toContain('\x1b');
  });
});

describe('findings as JUnit', () => {
  const text = print('junit', result({ file: 'a<b>.pcapng', findings: [finding({ message: 'a < b & "c"' })] }));

  it('have a case for each rule and a failure for each finding', () => {
    expect(text.match(/<testcase /g)).toHaveLength(rules.length);
    expect(text.match(/<failure /g)).toHaveLength(1);
    expect(text).toContain(`tests="${rules.length}" failures="1"`);
  });

  it('escape what XML does not take', () => {
    expect(text).toContain('message="a &lt; b &amp; &quot;c&quot;"');
    expect(text).toContain('name="a&lt;b&gt;.pcapng"');
  });

  it('take notes for no failures', () => {
    expect(print('junit', result({ findings: [finding({ severity: 'note' })] }))).not.toContain('<failure');
  });
});

describe('findings as SARIF', () => {
  it('point at a rule of the list', () => {
    const log = JSON.parse(print('sarif', result({ findings: [finding({})] })));
    const [run] = log.runs;
    const [only] = run.results;
    expect(run.tool.driver.rules[only.ruleIndex].id).toBe('MEM-05');
    expect(only).toMatchObject({ level: 'warning', ruleId: 'MEM-05' });
  });
});

describe('findings as JSON', () => {
  it('are an object a line', () => {
    const lines = print('json', result({}), result({ file: 'other' }))
      .trim()
      .split('\n');
    expect(lines.map(line => JSON.parse(line).file)).toEqual(['vm.pcapng', 'other']);
  });
});
