import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineWriter } from '../../../src/decode/text/line.ts';
import { encodeLine, parseLine } from '../../../src/decode/text/parse.ts';
import { anyMessage } from './messages.ts';

const facts = { sinceFirstNs: 4_118_000, latencyNs: 512_000 };

describe('a line', () => {
  it.each([{}, { ascii: true }])('reads back to the same bytes and descriptors %o', style => {
    const writer = new LineWriter(style);
    fc.assert(
      fc.property(anyMessage, frame => {
        writer.out.truncate(0);
        writer.write(frame, facts);
        const text = writer.out.textFrom(0);
        const line = parseLine(text);
        expect(Buffer.from(encodeLine(line, frame.context)).toString('hex'), text).toBe(
          Buffer.from(frame.bytes).toString('hex'),
        );
        expect(line).toMatchObject({ n: frame.n, channel: frame.channel, dir: frame.dir });
        expect(line.fds).toEqual(
          frame.fds.map(({ kind, object, size }) => ({
            kind,
            ...(object !== undefined && { object }),
            ...(size !== undefined && { size }),
          })),
        );
        expect(line.fdCount).toBe(frame.fdCount ?? frame.fds.length);
      }),
      { numRuns: 2000 },
    );
  });
});
