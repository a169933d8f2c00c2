import { describe, expect, it } from 'vitest';
import { Physician } from '../../src/decode/diagnose/diagnose.ts';
import { diagnoses } from '../../src/decode/diagnose/diagnoses/index.ts';
import type { Verdict } from '../../src/decode/diagnose/diagnosis.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import type { JsonObject } from '../../src/decode/text/event.ts';
import { frameOf, qemuAndVirtiofsd, virtiofsdStops } from './recording.ts';

const ms = 1_000_000n;

/**
 * Hears the story of a recording, a millisecond a message, with events as JSON lines at its end; messages from `lostFrom`
 * on did not reach the other side.
 */
function verdictsOn(text: string, events: readonly JsonObject[] = [], lostFrom = Number.POSITIVE_INFINITY): Verdict[] {
  const physician = new Physician();
  let n = 0;
  let offset = 0;
  for (const line of text.trim().split('\n')) {
    n += 1;
    const frame = frameOf(line, n, {
      ...{ wallNs: BigInt(n) * ms, offset },
      ...(n >= lostFrom && { sentBytes: new Uint8Array(0), sentNs: 0n }),
    });
    offset = 1;
    physician.message(frame, decodeFrame(frame));
  }
  for (const event of events) {
    n += 1;
    const at = BigInt((event.at as number | undefined) ?? n) * ms;
    const frame: Frame = { ...frameOf('> ', n, { wallNs: at }), kind: 'event' };
    physician.event(frame, event);
  }
  return physician.verdicts();
}

const without = (text: string, start: string) =>
  text
    .trim()
    .split('\n')
    .filter(line => !line.startsWith(start))
    .join('\n');
const until = (text: string, start: string) => {
  const lines = text.trim().split('\n');
  return lines.slice(0, lines.findIndex(line => line.startsWith(start)) + 1).join('\n');
};

const closedBy = (first: string) => ({ event: 'closed', how: 'eof', first });
const exit = (side: string, state: string) => ({ event: 'peer-exit', side, state, after_ms: 3 });

describe('diagnoses', () => {
  it('have nothing to say of a connection that ends in order', () => {
    const text = `${qemuAndVirtiofsd.trim()}\n${virtiofsdStops.trim()}`;
    expect(verdictsOn(text, [closedBy('front-end'), exit('front-end', 'exited')])).toEqual([]);
  });

  it('see that memory is not shared, and not that the back-end died of it', () => {
    const text = until(without(without(qemuAndVirtiofsd, '> 25'), '< 25'), '> 09');
    const found = verdictsOn(text, [closedBy('back-end'), exit('back-end', 'exited')]);
    expect(found.map(one => one.id)).toEqual(['memory-not-shared']);
    expect(found[0]).toMatchObject({ side: 'front-end', certainty: 'certain', records: [17] });
  });

  it('name the request at which the back-end died', () => {
    const text = until(qemuAndVirtiofsd, '> 25');
    const [found] = verdictsOn(text, [{ ...closedBy('back-end'), at: 18 }, exit('back-end', 'exited')]);
    expect(found).toMatchObject({ id: 'peer-died', side: 'back-end', records: [16, 15] });
    expect(found?.what).toContain('3 ms after ADD_MEM_REG(37)');
  });

  it('do not name a request that never reached the back-end', () => {
    const text = until(qemuAndVirtiofsd, '> 25');
    const lines = text.split('\n').length;
    const [found] = verdictsOn(text, [closedBy('back-end'), exit('back-end', 'exited')], lines);
    expect(found).toMatchObject({ id: 'peer-died', side: 'back-end' });
    expect(found?.what).not.toContain('ADD_MEM_REG');
  });

  it('do not say of a front-end that it died of what it asked itself', () => {
    const text = until(qemuAndVirtiofsd, '> 25');
    const [found] = verdictsOn(text, [closedBy('front-end'), exit('front-end', 'exited')]);
    expect(found).toMatchObject({ id: 'peer-died', side: 'front-end' });
    expect(found?.what).toMatch(/ADD_MEM_REG\(37\), and its process has ended$/);
  });

  it('do not say that everything was answered where an answer did not reach the front-end', () => {
    const text = until(qemuAndVirtiofsd, '> 0d');
    const asks = `${text}\n> 11000000 01000000 00000000`;
    const answered = `${asks}\n< 11000000 05000000 08000000 0200000000000000`;
    const ends = [closedBy('front-end'), exit('front-end', 'exited')];
    const ids = (lostFrom?: number) => verdictsOn(answered, ends, lostFrom).map(({ id }) => id);
    expect(ids()).toContain('iommu-unsupported');
    expect(ids(answered.split('\n').length)).toEqual(['peer-died']);
  });

  it('tell a refusal from a death', () => {
    const text = until(qemuAndVirtiofsd, '> 25');
    const [found] = verdictsOn(text, [closedBy('back-end'), exit('back-end', 'alive')]);
    expect(found).toMatchObject({ id: 'peer-closed', side: 'back-end' });
  });

  it('tell a hang by its age', () => {
    const text = until(qemuAndVirtiofsd, '> 25');
    expect(verdictsOn(text)).toEqual([]);
    const [found] = verdictsOn(text, [{ event: 'note', text: 'still waiting', at: 60_000 }]);
    expect(found).toMatchObject({ id: 'request-hangs', side: 'back-end', records: [15] });
  });

  it('say when a front-end dies with its rings running', () => {
    const [found] = verdictsOn(qemuAndVirtiofsd, [closedBy('front-end'), exit('front-end', 'exited')]);
    expect(found).toMatchObject({ id: 'peer-died', side: 'front-end' });
  });

  /** Bytes of a message in hex: header and payload. */
  const word = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString('hex');
  const u64 = (value: bigint) => Buffer.from(BigUint64Array.of(value).buffer).toString('hex');
  const start = '> 01000000 01000000 00000000';
  const offer = `< 01000000 05000000 08000000 ${u64((1n << 30n) | (1n << 32n))}`;
  const request = (id: number, payload = '', flags = 1) =>
    `> ${word(id)} ${word(flags)} ${word(payload.length / 2)} ${payload}`;
  const reply = (id: number, payload: string) => `< ${word(id)} ${word(5)} ${word(payload.length / 2)} ${payload}`;
  const later = { event: 'note', text: 'still waiting', at: 60_000 };

  it.each<[id: string, lines: readonly string[], events: readonly JsonObject[], says: RegExp]>([
    [
      'back-end-refuses-all',
      [start],
      [closedBy('back-end'), exit('back-end', 'alive')],
      /GET_FEATURES\(1\) was the last/,
    ],
    [
      'protocol-features-too-early',
      [start, offer, request(15)],
      [closedBy('back-end'), exit('back-end', 'alive')],
      /closed at GET_PROTOCOL_FEATURES/,
    ],
    [
      'unknown-feature-refused',
      [start, offer, request(15), reply(15, u64((1n << 9n) | (1n << 50n)))],
      [closedBy('front-end')],
      /0x4000000000000/,
    ],
    [
      'protocol-features-not-asked',
      [start, offer, request(16, u64(8n)), request(2, u64((1n << 30n) | (1n << 32n)), 9)],
      [closedBy('front-end')],
      /SET_FEATURES was never acknowledged/,
    ],
    [
      'protocol-features-bit-lost',
      [
        start,
        offer,
        request(15),
        reply(15, u64(9n)),
        request(16, u64(9n)),
        request(2, u64(1n << 32n)),
        qemuAndVirtiofsd.split('\n').find(line => line.startsWith('> 25')) as string,
      ],
      [],
      /lacks PROTOCOL_FEATURES/,
    ],
    [
      'config-offset',
      [start, offer, request(24, word(0x100) + word(60) + word(1) + '00'.repeat(60))],
      [closedBy('back-end'), exit('back-end', 'alive')],
      /offset 0x100 was the last request/,
    ],
    [
      'enable-needs-mq',
      [...without(qemuAndVirtiofsd, '> 10').split('\n'), request(18, `${word(1)}${word(1)}`)],
      [closedBy('back-end'), exit('back-end', 'alive')],
      /SET_VRING_ENABLE of ring 1/,
    ],
    [
      'ring-does-not-stop',
      [...qemuAndVirtiofsd.trim().split('\n'), request(11, word(0) + word(0))],
      [later],
      /GET_VRING_BASE of ring 0/,
    ],
    ['replies-mixed-up', [...qemuAndVirtiofsd.trim().split('\n'), reply(15, u64(0n))], [], /./],
    [
      'userfaultfd-denied',
      [...qemuAndVirtiofsd.trim().split('\n'), request(28), reply(28, '')],
      [],
      /without a userfaultfd/,
    ],
  ])('%s', (id, lines, events, says) => {
    const found = verdictsOn(lines.join('\n'), events);
    expect(found.map(one => one.id)).toContain(id);
    expect(found.find(one => one.id === id)?.what).toMatch(says);
    expect(found.map(one => one.id)).not.toContain('peer-closed');
    expect(found.map(one => one.id)).not.toContain('request-hangs');
  });

  /** Tells a recording whose frames are not the plain ones; `at` is in milliseconds. */
  function told(lines: readonly string[], change: (n: number) => Partial<Frame>): string[] {
    const physician = new Physician();
    for (const [i, line] of lines.entries()) {
      const n = i + 1;
      const frame = frameOf(line, n, { wallNs: BigInt(n) * ms, offset: i, ...change(n) });
      if (line === '*') physician.event({ ...frame, kind: 'event' }, closedBy('back-end'));
      else physician.message(frame, decodeFrame(frame));
    }
    return physician.verdicts().map(one => one.id);
  }

  it('say that a device did not come back, whatever the reason', () => {
    const first = [...qemuAndVirtiofsd.trim().split('\n'), '*'];
    const epochs = (n: number) => ({ epoch: n <= first.length ? 1 : 2 });
    expect(told([...first, start, offer, '*'], epochs)).toContain('reconnect-incomplete');
    expect(told([...first, ...first], epochs)).not.toContain('reconnect-incomplete');
  });

  it('know which front-end cannot read a short answer to SET_LOG_BASE', () => {
    const lines = [...qemuAndVirtiofsd.trim().split('\n'), request(6, u64(8192n) + u64(0n)), reply(6, ''), '*'];
    const spoken = (frontEnd: 'rust-vmm' | 'qemu') =>
      told(lines, () => ({ context: { frontEnd, protocolFeatures: 2n } }));
    expect(spoken('rust-vmm')).toContain('log-reply-misread');
    expect(spoken('qemu')).not.toContain('log-reply-misread');
  });

  it('tell an answer that took long', () => {
    const lines = [start, offer];
    const answered = (seconds: bigint) => (n: number) => ({
      sentNs: 1n,
      receivedNs: n === 2 ? seconds * 1_000_000_000n : 0n,
      ...(n === 2 && { answers: 1 }),
    });
    expect(told(lines, answered(7n))).toContain('answer-slow');
    expect(told(lines, answered(1n))).toEqual([]);
  });

  it('say that the back-end was not there, unless a connection came about after all', () => {
    const absent = (pair: string): Physician => {
      const physician = new Physician();
      const line = qemuAndVirtiofsd.trim().split('\n')[0] as string;
      const event: Frame = { ...frameOf('> ', 1, { wallNs: ms }), kind: 'event', session: 0, pair: 'vm' };
      physician.event(event, { event: 'back-end-absent' });
      const frame = { ...frameOf(line, 2, { wallNs: 2n * ms, offset: 0 }), pair };
      physician.message(frame, decodeFrame(frame));
      return physician;
    };
    expect(absent('another').verdicts()).toMatchObject([{ id: 'back-end-absent', pair: 'vm', records: [1] }]);
    expect(absent('vm').verdicts()).toEqual([]);
  });

  it('suspect a missing ACCESS_PLATFORM where a front-end ends before it has acknowledged features', () => {
    const text = without(until(qemuAndVirtiofsd, '> 0d'), '> 02');
    const ends = [closedBy('front-end'), exit('front-end', 'exited')];
    expect(verdictsOn(text, ends)).toMatchObject([{ id: 'iommu-unsupported', certainty: 'possible' }]);
    expect(verdictsOn(text, [closedBy('front-end'), exit('front-end', 'alive')])).toEqual([]);
  });

  it('explain only what exists, each under an id of its own', () => {
    const ids = diagnoses.map(one => one.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const one of diagnoses) for (const other of one.explains ?? []) expect(ids).toContain(other);
  });
});

describe('a connection that has ended', () => {
  it('keeps bytes of its own, not the piece of the file they were read from', () => {
    const physician = new Physician();
    const file = new Uint8Array(1 << 16);
    const inFile = (line: string, n: number): Frame => {
      const frame = frameOf(line, n);
      file.set(frame.bytes, n * 64);
      return { ...frame, bytes: file.subarray(n * 64, n * 64 + frame.bytes.length) };
    };
    const lines = qemuAndVirtiofsd.trim().split('\n');
    const asked = lines.findLastIndex(line => line.startsWith('>'));
    for (const [i, line] of [...lines.slice(0, asked), '> 01000000 01000000 00000000'].entries()) {
      const frame = inFile(line, i + 1);
      physician.message(frame, decodeFrame(frame));
    }
    const closed = inFile('> ', lines.length + 1);
    physician.event({ ...closed, kind: 'event' }, { event: 'closed', how: 'eof', first: 'back-end' });
    const [story] = physician.stories();
    const kept = [story?.lastRequest?.frame, story?.lastReply?.frame, story?.ending?.frame];
    for (const frame of [...kept, ...(story?.waiting ?? []).map(asked => asked.frame)]) {
      expect(frame?.bytes.buffer).not.toBe(file.buffer);
    }
    expect(story?.waiting.map(({ message }) => message.name)).toEqual(['GET_FEATURES']);
    expect(story?.lastRequest?.message.name).toBe('GET_FEATURES');
  });
});
