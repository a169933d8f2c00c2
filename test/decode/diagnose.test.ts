import { describe, expect, it } from 'vitest';
import { Physician } from '../../src/decode/diagnose/diagnose.ts';
import { diagnoses } from '../../src/decode/diagnose/diagnoses/index.ts';
import type { Verdict } from '../../src/decode/diagnose/diagnosis.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import type { JsonObject } from '../../src/decode/text/event.ts';
import { frameOf, qemuAndVirtiofsd, virtiofsdStops } from './recording.ts';

const ms = 1_000_000n;

/** Hears the story of a recording, a millisecond a message, with events as JSON lines at its end. */
function verdictsOn(text: string, events: readonly JsonObject[] = []): Verdict[] {
  const physician = new Physician();
  let n = 0;
  let offset = 0;
  for (const line of text.trim().split('\n')) {
    n += 1;
    const frame = frameOf(line, n, { wallNs: BigInt(n) * ms, offset });
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

  it('explain only what exists, each under an id of its own', () => {
    const ids = diagnoses.map(one => one.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const one of diagnoses) for (const other of one.explains ?? []) expect(ids).toContain(other);
  });
});
