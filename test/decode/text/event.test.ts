import { describe, expect, it } from 'vitest';
import { eventSentence, type JsonObject } from '../../../src/decode/text/event.ts';
import { piece } from '../../capture/frames.ts';

const sentence = (body: JsonObject | string, kind: 'event' | 'finding' = 'event') =>
  eventSentence({
    ...piece(1),
    kind,
    bytes: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
  });

describe('an event as a sentence', () => {
  it.each<[JsonObject, string]>([
    [
      {
        event: 'started',
        engine: 'vhuscope 0.1.0',
        pair: 'fs',
        front_end: { role: 'listen', address: '/run/fs.sock' },
        back_end: { role: 'connect', address: '/run/virtiofsd.sock' },
      },
      'recording of fs started by vhuscope 0.1.0, listens for the front-end at /run/fs.sock, connects to the back-end at /run/virtiofsd.sock',
    ],
    [
      { event: 'connected', front_end: { comm: 'qemu', pid: 7, uid: 107 }, back_end: null },
      'connected, session 1.1: front-end qemu (pid 7, uid 107)',
    ],
    [
      { event: 'peer', side: 'back-end', executable: '/usr/lib/virtiofsd', version: '1.13', pid: 9, build_id: 'ab' },
      'the back-end is /usr/lib/virtiofsd 1.13, pid 9',
    ],
    [{ event: 'closed', how: 'eof', first: 'front-end', delivered: 'exact' }, 'the front-end closed the connection'],
    [
      {
        event: 'closed',
        channel: 'gpu',
        how: 'reset',
        first: 'back-end',
        undelivered_bytes: 20,
        delivered: 'softened',
      },
      'the back-end closed the gpu connection with bytes unread, 20 bytes were not delivered, the other side sees a plain end instead',
    ],
    [{ event: 'closed', how: 'eof', first: 'unknown' }, 'the connection was closed (eof)'],
    [
      { event: 'peer-exit', side: 'back-end', pid: 9, state: 'exited', after_ms: 3 },
      'the back-end (pid 9) exited 3 ms after',
    ],
    [{ event: 'peer-exit', side: 'front-end', pid: 7, state: 'alive' }, 'the front-end (pid 7) is still alive'],
    [{ event: 'back-end-absent', error: 'ENOENT' }, 'the back-end is not there (error ENOENT)'],
    [{ event: 'back-end-absent', gone: true }, 'the back-end listens no more'],
    [{ event: 'lost', count: 12 }, '12 messages are missing here: the recorder could not keep up'],
    [{ event: 'note', of: 5, author: 'ann', text: 'see \u001b[2J' }, 'note on 5 by ann: see \\x1b[2J'],
    [{ event: 'something-new', size: 5, of: 'x' }, 'something-new (size 5, of x)'],
  ])('%j', (body, expected) => {
    expect(sentence(body)).toBe(expected);
  });

  it('tells findings, and what cannot be read', () => {
    expect(sentence({ rule: 'r1', severity: 'error', message: 'no', records: [3, 4] }, 'finding')).toBe(
      'error: no [r1] (records 3, 4)',
    );
    expect(sentence('{"ev')).toBe('unreadable event: {"ev');
  });
});
