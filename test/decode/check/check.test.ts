import { describe, expect, it } from 'vitest';
import { Checker } from '../../../src/decode/check/check.ts';
import { rules } from '../../../src/decode/check/rules/index.ts';
import type { Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { frameOf } from '../recording.ts';

/** The rules that fire on a recording, with the records they name. */
function fired(lines: readonly string[], more: Partial<Frame> = {}): string[] {
  const checker = new Checker();
  return lines.flatMap((line, i) => {
    // Not from the start of the connection: rules about what was not sent before must stay silent.
    const frame = frameOf(line, i + 1, { offset: 1000, ...more });
    return checker
      .message(frame, decodeFrame(frame))
      .map(found => `${found.rule} ${found.records.join(',')} ${found.side}`);
  });
}

describe('rules about single messages', () => {
  it.each([
    ['a plain message', ['> 01000000 01000000 00000000'], []],
    ['a wrong version', ['> 01000000 02000000 00000000'], ['FRM-01 1 front-end']],
    ['a reserved flag', ['> 01000000 11000000 00000000'], ['FRM-02 1 front-end']],
    ['a reply with need_reply', ['< 01000000 0d000000 08000000 0000000000000000'], ['FRM-04 1 back-end']],
    ['an unknown request', ['> c8000000 01000000 00000000'], ['FRM-05 1 front-end']],
    ['a request from the back-end', ['< 01000000 01000000 00000000'], ['FRM-03 1 back-end']],
    ['a payload too short', ['> 08000000 01000000 04000000 00000000'], ['SIZ-01 1 front-end']],
    ['a payload too long', ['> 03000000 01000000 01000000 00'], ['SIZ-01 1 front-end']],
    ['a kick without its eventfd', ['> 0c000000 01000000 08000000 0000000000000000'], ['FD-01 1 front-end']],
    ['a kick that says it has none', ['> 0c000000 01000000 08000000 0001000000000000'], []],
    ['a kick that is a socket', ['> 0c000000 01000000 08000000 0000000000000000 socket'], ['FD-11 1 front-end']],
    ['a stray descriptor', ['> 01000000 01000000 00000000 eventfd'], ['FD-01 1 front-end']],
  ])('%s', (_, lines, expected) => {
    expect(fired(lines)).toEqual(expected);
  });

  it('do not blame a peer for what vhuscope made', () => {
    expect(fired(['> c8000000 01000000 00000000'], { injected: true })).toEqual([]);
  });

  it('do not blame a peer for what the kernel lost', () => {
    expect(fired(['> 0c000000 01000000 08000000 0000000000000000'], { ctrunc: true })).toEqual(['FRM-14 1 front-end']);
  });
});

describe('the list of rules', () => {
  it('gives every rule an id of its own', () => {
    const ids = rules.flatMap(rule => [rule.id, rule.name]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('supersedes only rules that exist', () => {
    const ids = new Set(rules.map(rule => rule.id));
    for (const rule of rules) for (const other of rule.supersedes ?? []) expect(ids).toContain(other);
  });
});
