import { describe, expect, it } from 'vitest';
import { rules } from '../../../src/decode/check/rules/index.ts';
import { after, asks, both, change, type Edit, set } from './edits.ts';
import { findings, recording, sayings } from './recordings.ts';
import { ofTwoConnections, rows } from './rules.table.ts';

describe('a real recording with one edit', () => {
  it.each(rows.map(([id, name, edit, severity]) => ({ id, name, edit, severity })))('makes $id fire: $name', row => {
    const { id, name, edit, severity } = row;
    const before = new Set(sayings(findings(recording(name))));
    const found = findings(edit(recording(name))).filter(one => !before.has(sayings([one])[0] as string));
    const fired = found.filter(one => one.rule === id);
    expect(fired.length, `found instead: ${sayings(found).join(' · ')}`).toBeGreaterThan(0);
    const wanted = severity ?? rules.find(rule => rule.id === id)?.severity;
    expect(fired.map(one => one.severity)).toContain(wanted);
  });

  it('exists for every rule', () => {
    const shown = new Set([...rows.map(([id]) => id), ...ofTwoConnections]);
    expect(rules.map(rule => rule.id).filter(id => !shown.has(id))).toEqual([]);
    expect([...shown].filter(id => !rules.some(rule => rule.id === id))).toEqual([]);
  });
});

describe('a recording of a reconnection', () => {
  /** An edit of the second connection alone. */
  const second =
    (edit: Edit): Edit =>
    frames => [...frames.filter(frame => frame.epoch < 2), ...edit(frames.filter(frame => frame.epoch >= 2))];
  const rulesIn = (edit: Edit) => findings(edit(recording('reconnect'))).map(one => one.rule);

  it('has nothing to say by itself', () => {
    expect(rulesIn(frames => [...frames]).filter(rule => rule.startsWith('EPO'))).toEqual([]);
  });

  it('tells features that the front-end has lost', () => {
    expect(rulesIn(second(set('SET_FEATURES', { features: 0x40000000 })))).toContain('EPO-01');
  });

  it('tells features that the back-end no longer offers', () => {
    expect(rulesIn(second(set('GET_FEATURES=', { features: 0x140000000n })))).toContain('EPO-02');
  });

  it('tells that the back-end has fewer queues than before', () => {
    expect(rulesIn(second(set('GET_QUEUE_NUM=', { queue_num: 0 })))).toContain('EPO-03');
  });

  it('tells that the inflight region was not handed back', () => {
    const inflight = { mmap_size: 4096, num_queues: 1, queue_size: 128 };
    const given: Edit = after('SET_OWNER', asks('SET_INFLIGHT_FD', inflight), { fds: [{ kind: 'memfd' }] });
    const forgotten = second(set('SET_PROTOCOL_FEATURES', { protocol_features: 0x9f2bn }));
    expect(rulesIn(both(given, forgotten))).toContain('EPO-04');
    expect(rulesIn(both(given, second(given), forgotten))).not.toContain('EPO-04');
  });

  it('takes what was asked before for asked', () => {
    expect(rulesIn(second(change('GET_FEATURES=', frame => frame)))).not.toContain('NEG-02');
  });
});
