import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileFilter } from '../../src/decode/filter/filter.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { LineWriter } from '../../src/decode/text/line.ts';
import { Repeats } from '../../src/trace/repeats.ts';
import { wantedBy } from '../../src/trace/search.ts';
import { Trace } from '../../src/trace/trace.ts';

const folder = resolve(import.meta.dirname, '../../captures');

function said(frame: Frame): string {
  const writer = new LineWriter();
  writer.said(frame);
  return writer.out.textFrom(0);
}

describe.each(['qemu10-iommu', 'fs', 'reconnect', 'qemu10-gpu'])('a search of %s', name => {
  const trace = Trace.open(join(folder, `${name}.pcapng`));
  while (trace.advance());
  const rows = [...trace.iterate()];
  const found = (text: string) => {
    const wanted = wantedBy(text, said);
    return rows.filter(row => wanted(row.frame, () => row)).map(({ frame }) => frame.n);
  };

  it.each(['=miss iova', 'get_features =', 'f→b', '└', 'closed', 'ok', '0x', 'eventfd', 'need_reply', 'nowhere'])(
    'finds each line that has %s, also where lines repeat each other',
    text => {
      const lines = rows.filter(({ frame }) => said(frame).toLowerCase().includes(text));
      expect(found(text)).toEqual(lines.map(({ frame }) => frame.n));
    },
  );

  it.each(['reply and latency > 1us', 'type == 1', 'not reply'])('finds what %s lets through', text => {
    const filter = compileFilter(text);
    expect(found(text)).toEqual(rows.filter(row => filter.matches(row.frame, row)).map(({ frame }) => frame.n));
  });
});

describe('what repeats', () => {
  const trace = Trace.open(join(folder, 'qemu10-iommu.pcapng'));
  while (trace.advance());
  const frames = [...trace.iterate()].map(({ frame }) => frame).filter(({ bytes }) => bytes.length <= 64);

  it('is worked out once', () => {
    const repeats = new Repeats<string>();
    let worked = 0;
    for (let i = 0; i < 10; i++) {
      for (const frame of frames.slice(60, 72)) {
        const line = repeats.of(frame, one => {
          worked += 1;
          return said(one);
        });
        expect(line).toBe(said(frame));
      }
    }
    expect(worked).toBeLessThan(12 + 10 * frames.slice(60, 72).filter(({ fds }) => fds.length > 0).length);
  });

  it('is told from what differs only in what is around the bytes', () => {
    const [frame] = frames.filter(({ kind, fds }) => kind === 'message' && fds.length === 0);
    if (!frame) throw new Error('the recording has no message without descriptors');
    const repeats = new Repeats<string>();
    const others: Partial<Frame>[] = [
      { dir: 'back-to-front' },
      { channel: 'gpu' },
      { wireLength: frame.wireLength + 4 },
      { answers: 1, reply: true },
      { context: {} },
      { kind: 'raw' },
      { bytes: frame.bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) },
      { fds: [{ kind: 'eventfd' }] },
    ];
    expect(repeats.of(frame, said)).toBe(said(frame));
    for (const more of others) expect(repeats.of({ ...frame, ...more }, said)).toBe(said({ ...frame, ...more }));
    expect(repeats.of(frame, () => 'kept')).not.toBe('');
  });
});
