/**
 * The cut invariant for rotation: a file that begins anywhere, with the records that were retained until then, leads to
 * the same state as the whole recording.
 */
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packetsOf } from '../../src/capture/packet.ts';
import { readCapture } from '../../src/capture/reader.ts';
import type { Piece } from '../../src/capture/section.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession, type Session } from '../../src/decode/session/session.ts';
import { Retained } from '../../src/proxy/retained.ts';
import { frameOf } from '../decode/recording.ts';

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

type Said = readonly [name: string, id: number, payload?: string, of?: Partial<Piece>];

/** What is retained of messages that are said one after the other, each with its payload in hex. */
function keptOf(said: readonly Said[]): string[] {
  const retained = new Retained<string>();
  for (const [i, [name, id, payload = '', of]] of said.entries()) {
    const header = [id, 0, 0, 0, 1, 0, 0, 0, payload.length / 2, 0, 0, 0];
    const frame = frameOf(`> ${Buffer.from(header).toString('hex')} ${payload}`, i + 1);
    for (const { packet } of packetsOf({ ...frame, ...of }, 0)) retained.fold('pair', packet, () => name);
  }
  return retained.records();
}

function u64(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.toString('hex');
}

/** A region at a guest address, as ADD_MEM_REG and REM_MEM_REG carry it. */
const region = (address: number): string => [0, address, 0x1000, 0x7000_0000 + address, 0].map(u64).join('');

function event(body: { event: string; channel?: string }): Said {
  return [body.event, 0, '', { kind: 'event', bytes: Buffer.from(JSON.stringify(body)) }];
}

describe('what is retained', () => {
  const features: Said = ['features', 2, u64(1)];

  it('of regions is what was added and not removed', () => {
    const [a, b] = [region(0), region(0x1000)];
    expect(
      keptOf([
        ['add a', 37, a],
        ['add b', 37, b],
        ['remove a', 38, a],
      ]),
    ).toEqual(['add b']);
  });

  it('of regions is none once a table takes their place', () => {
    const table = `${u64(1)}${[0, 0x1000, 0x7000_0000, 0].map(u64).join('')}`;
    expect(keptOf([features, ['add a', 37, region(0)], ['table', 5, table]])).toEqual(['features', 'table']);
  });

  it('ends with the connection, not with another channel of it', () => {
    const connected = event({ event: 'connected' });
    expect(keptOf([connected, features, event({ event: 'closed', channel: 'backend-req' })])).toHaveLength(2);
    expect(keptOf([connected, features, event({ event: 'closed', channel: 'main' })])).toEqual([]);
  });

  it('is no piece that continues a message, whatever it begins like', () => {
    expect(keptOf([['piece', 2, u64(1), { fragmentOffset: 4096 }]])).toEqual([]);
  });
});
