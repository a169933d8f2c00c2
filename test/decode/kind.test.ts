import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { type Kind, kindOf, perKind, undeclaredKind } from '../../src/decode/kind.ts';
import { decodeFrame, sourceOf } from '../../src/decode/message.ts';

const messages = ['fs', 'net', 'qemu10-iommu', 'qemu10-gpu', 'migration-fs-source'].flatMap(name =>
  [...readCapture(resolve(import.meta.dirname, `../../captures/${name}.pcapng`))]
    .filter(frame => frame.kind === 'message')
    .map(frame => ({ frame, message: decodeFrame(frame) })),
);

describe('the kind of a message', () => {
  it('tells what the message tells of itself', () => {
    for (const { message } of messages) {
      const { channel, spec, reply, struct, variant } = message;
      expect(message.kind).toMatchObject({ channel, spec, reply });
      expect(message.kind.shape?.payload).toBe(struct);
      expect(message.kind.shape?.doc).toBe(variant);
    }
  });

  it('is one object however many messages are of it, and another for every other kind', () => {
    const kinds = new Map<number, Kind>();
    for (const { frame, message } of messages) {
      const { kind } = message;
      expect(kindOf(frame.channel, message.id, message.reply, sourceOf(frame))).toBe(kind);
      expect(kinds.get(kind.at) ?? kind).toBe(kind);
      kinds.set(kind.at, kind);
    }
    expect(kinds.size).toBeGreaterThan(40);
    expect(kinds.size).toBeLessThan(messages.length / 4);
  });

  it('is the same for all that nobody has declared', () => {
    const facts = { context: {}, size: 0, fdCount: 0, first: 0, assumed: false };
    expect(kindOf('main', 999, false, facts)).toBe(undeclaredKind('main', false));
    expect(kindOf('main', 555, false, facts)).toBe(undeclaredKind('main', false));
    expect(undeclaredKind('main', true)).not.toBe(undeclaredKind('main', false));
  });
});

describe('what follows from a kind', () => {
  it('is worked out once for each', () => {
    const asked: Kind[] = [];
    const nameOf = perKind(kind => {
      asked.push(kind);
      return kind.spec?.name ?? '';
    });
    for (const { message } of messages) expect(nameOf(message.kind)).toBe(message.spec?.name ?? '');
    expect(asked).toEqual([...new Set(messages.map(({ message }) => message.kind))]);
  });
});
