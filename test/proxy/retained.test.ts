/**
 * The cut invariant for rotation: a file that begins anywhere, with the records that were retained until then, leads to
 * the same state as the whole recording.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packetsOf } from '../../src/capture/packet.ts';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession, type Session } from '../../src/decode/session/session.ts';
import { Retained } from '../../src/proxy/retained.ts';

const folder = resolve(import.meta.dirname, '../../captures');
const captures = readdirSync(folder).filter(name => name.endsWith('.pcapng'));
/** Cuts tried in one capture; they are spread over it. */
const mostCuts = 25;

/** The states of the connections that are open after some records, by pair and session; counts left out. */
function statesAfter(frames: readonly Frame[]): Map<string, object> {
  const states = new Map<string, Session>();
  for (const frame of frames) {
    const key = `${frame.pair}/${frame.session}/${frame.epoch}`;
    if (frame.kind === 'event') {
      const event = JSON.parse(Buffer.from(frame.bytes).toString());
      if (event.event === 'closed' && event.channel === 'main') states.delete(key);
    } else if (frame.kind === 'message')
      states.set(key, fold(states.get(key) ?? newSession, frame, decodeFrame(frame)));
  }
  return new Map([...states].map(([key, session]) => [key, withoutCounts(session)]));
}

/** A state without what only counts: the records before the cut are not there to be counted. */
function withoutCounts({ n: _n, messages: _messages, ...areas }: Session): object {
  return areas;
}

describe('a recording cut anywhere, with what was retained', () => {
  it.each(captures)('%s', name => {
    const frames = [...readCapture(join(folder, name))];
    const step = Math.ceil(frames.length / mostCuts);
    const retained = new Retained<Frame>();
    frames.forEach((frame, cut) => {
      if (cut % step === 0) {
        const rest = frames.slice(cut);
        const upTo = Math.min(rest.length, 30);
        expect(statesAfter([...retained.records(), ...rest.slice(0, upTo)])).toEqual(
          statesAfter(frames.slice(0, cut + upTo)),
        );
      }
      const packet = packetsOf(frame, 0)[0]?.packet as Uint8Array;
      retained.fold(frame.pair, packet, () => frame);
    });
  });
});
