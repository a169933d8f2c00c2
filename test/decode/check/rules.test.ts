import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { Checker } from '../../../src/decode/check/check.ts';
import type { Finding } from '../../../src/decode/check/rule.ts';
import { rules } from '../../../src/decode/check/rules/index.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { change, type Edit, set } from './edits.ts';
import { ofTwoConnections, rows } from './rules.table.ts';

const folder = resolve(import.meta.dirname, '../../../captures');
const recordings = new Map<string, readonly Frame[]>();

function recording(name: string): readonly Frame[] {
  const frames = recordings.get(name) ?? [...readCapture(join(folder, `${name}.pcapng`))];
  recordings.set(name, frames);
  return frames;
}

/** What the rules find in a recording. */
function findings(frames: readonly Frame[]): Finding[] {
  const checker = new Checker();
  return frames.flatMap(frame => {
    if (frame.kind === 'message') return checker.message(frame, decodeFrame(frame));
    return frame.kind === 'event' ? checker.event(frame) : [];
  });
}

const sayings = (found: readonly Finding[]) =>
  found.map(({ rule, severity, message }) => `${severity} ${rule} ${message}`);

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

  it('takes what was asked before for asked', () => {
    expect(rulesIn(second(change('GET_FEATURES=', frame => frame)))).not.toContain('NEG-02');
  });
});
