import { describe, expect, it } from 'vitest';
import { Story, sizeText, statusLine } from '../../src/cli/status.ts';
import type { EngineEvent } from '../../src/proxy/engine.ts';

const pair = 'fs0';
const connection = 1;
const closed = { type: 'closed', pair, connection, channel: 'main', spoke: true, how: 'eof' } as const;
const quietly = { undelivered_bytes: 0, delivered: 'exact' } as const;

const rows: [EngineEvent, string | undefined][] = [
  [
    { type: 'listening', pair, side: 'front-end', address: { path: '/run/a.sock' } },
    'fs0: listening on /run/a.sock for the front-end',
  ],
  [
    { type: 'waiting', pair, side: 'back-end', address: { path: '/b' }, why: 'elsewhere', gone: false, pid: 7 },
    'fs0: waiting for the back-end to listen on /b (process 7 listens there in another network namespace, which cannot ' +
      'be watched from here: use --wait-back-end)',
  ],
  [
    { type: 'waiting', pair, side: 'back-end', address: { abstract: 'b' }, why: 'absent', gone: true },
    'fs0: waiting for the back-end to listen on @b',
  ],
  [
    {
      ...{ type: 'peer', pair, connection, side: 'back-end', foundBy: 'socket-inode', holders: [7] },
      process: { pid: 7, executable: '/usr/lib/qemu/virtiofsd', version: '7.2.22' },
    },
    'fs0: the back-end is virtiofsd 7.2.22, pid 7',
  ],
  [
    {
      ...{ type: 'peer', pair, connection, side: 'front-end', foundBy: 'credentials', holders: [] },
      ...{ process: { pid: 8, comm: 'a\x1b[2J' }, reason: 'hidden' },
    },
    'fs0: the front-end is a\\x1b[2J, pid 8; known only by its credentials: hidden',
  ],
  [{ ...closed, ...quietly, first: 'front-end' }, 'fs0: closed by the front-end'],
  [{ ...closed, ...quietly, first: 'proxy', spoke: false }, 'fs0: closed by vhuscope (not a byte was sent)'],
  [
    { ...closed, how: 'reset', first: 'back-end', undelivered_bytes: 1, delivered: 'softened' },
    'fs0: closed by the back-end (reset, 1 byte not delivered, the other side could not be shown the same end)',
  ],
  [{ ...closed, ...quietly, first: 'front-end', channel: 'gpu' }, undefined],
  [
    { type: 'peer-exit', pair, connection, side: 'back-end', pid: 7, state: 'exited', after_ms: 31 },
    "fs0: the back-end's process 7 has exited (31 ms after the close)",
  ],
  [{ type: 'peer-exit', pair, connection, side: 'back-end', pid: 7, state: 'alive', after_ms: 1000 }, undefined],
  [
    { type: 'recorded', path: '/tmp/x.pcapng', size: 1536, records: 1, lost: 2 },
    'capture closed: 1 record, 1.5 KiB in /tmp/x.pcapng, 2 lost',
  ],
  [{ type: 'recording', path: '/tmp/x.pcapng' }, undefined],
  [
    { type: 'recording-behind' },
    'warning: messages pass unrecorded: the disk of the capture does not keep up, or the processors are busy',
  ],
  [{ type: 'recording-caught-up', lost: 2 }, 'recording again; 2 records lost'],
];

describe('a status line', () => {
  it.each(rows)('%j', (event, line) => expect(statusLine(event)).toBe(line));

  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [5_000_000, '4.8 MiB'],
    [2 ** 60, '1048576.0 TiB'],
  ])('shows %i bytes', (bytes, text) => expect(sizeText(bytes)).toBe(text));
});

describe('the story of a run', () => {
  const connected = { type: 'connected', pair, connection, frontEnd: { inode: 1 }, backEnd: { inode: 2 } } as const;
  const waiting = {
    type: 'waiting',
    pair,
    side: 'back-end',
    address: { path: '/b' },
    why: 'absent',
    gone: false,
  } as const;
  const ended = { ...closed, ...quietly, first: 'front-end' } as const;

  it.each<[string, EngineEvent[], string[]]>([
    ['tells at once who does not listen', [waiting], ['waiting for the back-end to listen on /b']],
    [
      'tells of a side that stopped listening while connected when that is over',
      [connected, waiting, ended],
      ['connected', 'closed by the front-end', 'waiting for the back-end to listen on /b'],
    ],
    [
      'does not tell it where the side listens again',
      [connected, waiting, { ...waiting, type: 'listening', side: 'front-end' }, ended],
      ['connected', 'listening on /b for the front-end', 'closed by the front-end'],
    ],
  ])('%s', (_, events, lines) => {
    const story = new Story();
    expect(events.flatMap(event => story.tell(event))).toEqual(lines.map(line => `fs0: ${line}`));
  });
});
