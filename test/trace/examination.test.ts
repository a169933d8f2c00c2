import { expect, it } from 'vitest';
import { decodeFrame } from '../../src/decode/message.ts';
import { Examiner } from '../../src/trace/examination.ts';
import { frameOf } from '../decode/recording.ts';

it('keeps no more findings than fit, and says how many there were', () => {
  const examiner = new Examiner();
  for (let n = 1; n <= 100_005; n++) {
    const frame = frameOf('> 03000000 02000000 00000000', n, { offset: n });
    examiner.take(frame, decodeFrame(frame));
  }
  const { findings, unread, connections } = examiner.result();
  expect(connections).toBe(1);
  expect(findings.length).toBeLessThan(100_010);
  expect(unread).toEqual([expect.stringMatching(/^\d+ more findings than 100000 are not listed$/)]);
});
