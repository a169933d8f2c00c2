import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { contextAfter, fold, newSession, type Session } from '../../src/decode/session/session.ts';
import { examine } from '../../src/trace/examination.ts';

const folder = resolve(import.meta.dirname, '../../captures');
const captures = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.pcapng'));

/** What is to be said of the recordings of trouble; of every other one, nothing. */
const trouble: { readonly [capture: string]: readonly string[] } = {
  'failures/absent.pcapng': ['back-end-absent'],
  'failures/device-blk.pcapng': ['config-missing'],
  'failures/device-fs.pcapng': ['too-many-queues'],
  'failures/features.pcapng': ['peer-closed', 'offer-shrank'],
  'failures/iommu.pcapng': ['iommu-unsupported'],
  'failures/killed.pcapng': ['peer-died'],
  'failures/killed-early.pcapng': ['peer-died'],
  'failures/migration.pcapng': ['not-migratable'],
  // QEMU tries four times.
  'failures/queues.pcapng': new Array(4).fill('too-many-queues'),
  'failures/slots.pcapng': ['memory-slots-exhausted', 'memory-slow'],
  'reconnect.pcapng': ['peer-died'],
  'unshared-blk.pcapng': ['memory-not-shared'],
  'unshared-net.pcapng': ['memory-not-shared'],
};
/** The errors and warnings that rules must find; in every other recording there is none. */
const errors: { readonly [capture: string]: readonly string[] } = {
  'failures/device-fs.pcapng': ['RNG-01'],
  'failures/features.pcapng': ['EPO-02', 'NEG-01', 'NEG-01'],
  'failures/killed-early.pcapng': ['RPL-03'],
  'unshared-blk.pcapng': ['MEM-13'],
};

describe.each(captures)('%s', name => {
  const path = join(folder, name);

  it('is diagnosed right', () => {
    const { verdicts, findings, unread } = examine(path);
    expect(unread).toEqual([]);
    expect(verdicts.map(one => one.id)).toEqual(trouble[name] ?? []);
    const worse = findings.filter(one => one.severity !== 'note').map(one => one.rule);
    expect(worse, 'a documented habit of a real peer is a note').toEqual(errors[name] ?? []);
  });

  it('carries with each record the context that its session had', () => {
    const sessions = new Map<string, Session>();
    for (const frame of readCapture(path)) {
      if (frame.kind !== 'message') continue;
      const key = `${frame.pair}/${frame.session}/${frame.epoch}`;
      const before = sessions.get(key) ?? newSession;
      const { features, protocolFeatures } = contextAfter(before, {});
      const carried = { features: frame.context.features, protocolFeatures: frame.context.protocolFeatures };
      expect(carried, `record ${frame.n}`).toEqual({ features, protocolFeatures });
      sessions.set(key, fold(before, frame, decodeFrame(frame)));
    }
    expect(sessions.size > 0).toBe(name !== 'failures/absent.pcapng');
  });
});
