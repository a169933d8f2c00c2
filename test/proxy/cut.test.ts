import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packetsOf } from '../../src/capture/packet.ts';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession, type Session } from '../../src/decode/session/session.ts';
import { Retained } from '../../src/proxy/retained.ts';

/**
 * The cut invariant: wherever a recording goes on in a new file, the records repeated at the head of that file and the
 * rest of the recording give the state that the whole recording gives.
 */
const folder = resolve(import.meta.dirname, '../../captures');
const captures = readdirSync(folder).filter(name => name.endsWith('.pcapng'));

/** The states of all connections after the messages. */
function states(frames: Iterable<Frame>, from = new Map<string, Session>()): Map<string, Session> {
  const after = new Map(from);
  for (const frame of frames) {
    if (frame.kind !== 'message') continue;
    const key = `${frame.session}.${frame.epoch}`;
    after.set(key, fold(after.get(key) ?? newSession, frame, decodeFrame(frame)));
  }
  return after;
}

/** What must be the same: everything but when something was last touched, counts, and entries of the IOTLB. */
function essence(session: Session | undefined): unknown {
  const { n: _, messages: __, mappings, ...areas } = session ?? newSession;
  const { iotlb: ___, misses: ____, ...mapped } = mappings;
  return JSON.parse(
    JSON.stringify({ ...areas, mapped }, (key, value) => {
      if (key === 'changedAt' || key === 'everEnabled') return undefined;
      if (typeof value === 'bigint') return String(value);
      return value instanceof Map ? Object.fromEntries(value) : value;
    }),
  );
}

describe.each(captures)('%s', name => {
  const frames = [...readCapture(join(folder, name))].filter(frame => frame.session > 0);

  it('can go on in a new file at any record', () => {
    const retained = new Retained<Frame>();
    let whole = new Map<string, Session>();
    let checked = 0;
    for (const frame of frames) {
      whole = states([frame], whole);
      for (const { packet } of packetsOf(frame, 0).slice(0, 1)) retained.fold(frame.pair, packet, () => frame);
      const carried = retained.records().map(one => ({ ...one, carried: true }));
      const key = `${frame.session}.${frame.epoch}`;
      // A connection that is over leaves nothing to be carried.
      if (!carried.some(one => one.session === frame.session && one.epoch === frame.epoch)) continue;
      expect(essence(states(carried).get(key)), `cut after record ${frame.n}`).toEqual(essence(whole.get(key)));
      checked++;
    }
    expect(checked).toBeGreaterThan(frames.length / 2);
  });
});
