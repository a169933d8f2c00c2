import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { LineWriter } from '../../src/decode/text/line.ts';
import { detect } from '../../src/import/formats.ts';
import { ImportError, type Imported, importFile } from '../../src/import/import.ts';
import { unequal } from './equal-records.ts';

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fixtures = resolve(import.meta.dirname, 'fixtures');
const captures = resolve(import.meta.dirname, '../../captures');
let files = 0;

function imported(
  text: string,
  more: { socket?: string; device?: number } = {},
): { frames: Frame[]; result: Imported } {
  const from = join(folder, `${++files}.txt`);
  const to = join(folder, `${files}.pcapng`);
  writeFileSync(from, text);
  const result = importFile({ from, to, nameOf: () => 'pair', ...more });
  return { frames: [...readCapture(to)], result };
}

/** The messages of frames as a transcript says them, without numbers and times. */
function said(frames: readonly Frame[]): string[] {
  const writer = new LineWriter({ ascii: true });
  return frames
    .filter(frame => frame.kind !== 'event')
    .map(frame => {
      writer.out.truncate(0);
      writer.said(frame);
      return new TextDecoder().decode(writer.out.bytes);
    });
}

/** QEMU 7.2 and virtiofsd, recorded by the proxy while strace watched both. */
describe('strace of real peers and the capture of the same session', () => {
  const recorded = [...readCapture(join(fixtures, 'fs.pcapng'))];
  const log = (name: string) => readFileSync(join(fixtures, name), 'utf8');

  it('gives equal records from the log of the front-end', () => {
    const { frames, result } = imported(log('fs.front-end.strace'));
    expect(unequal(recorded, frames)).toEqual([]);
    expect(result).toMatchObject({ connections: 1, complaints: [], notes: [] });
    expect(result.messages).toBe(recorded.filter(frame => frame.kind === 'message').length);
  });

  it('gives equal records from the log of the back-end', () => {
    const { frames } = imported(log('fs.back-end.strace'));
    expect(unequal(recorded, frames, { withoutObjects: true, missing: 2 })).toEqual([]);
  });

  it('says the same of it without names of descriptors, times and hexadecimal strings', () => {
    const plain = log('fs.front-end.strace')
      .replace(/^(\d+)\s+[\d.]+ /gm, '[pid $1] ')
      .replace(/<UNIX-STREAM:[^>]*->[^>]*>|<[^<>]*>(\(deleted\))?/g, '')
      .replace(/(?:\\x[0-9a-f]{2})+/g, hex =>
        hex.replace(/\\x(..)/g, (_, two) =>
          two === '41' ? 'A' : `\\${Number.parseInt(two, 16).toString(8).padStart(3, '0')}`,
        ),
      );
    const { frames } = imported(plain);
    const without = (lines: string[]) => lines.map(line => line.replace(/ fds?=.*/, ''));
    expect(without(said(frames))).toEqual(without(said(recorded)));
    expect(frames.find(frame => frame.fds.length > 0)?.fds[0]?.kind).toBe('unknown');
  });

  it('marks what -s has cut as not captured', () => {
    const cut = log('fs.front-end.strace').replace(
      /iov_base="((?:\\x[0-9a-f]{2}){32})(?:\\x[0-9a-f]{2})+"/g,
      'iov_base="$1"...',
    );
    const { frames, result } = imported(cut);
    const address = frames.find(frame => frame.bytes[0] === 9);
    expect(address).toMatchObject({ wireLength: 52 });
    expect(address?.bytes.length).toBe(32);
    expect(result.complaints).toEqual([]);
  });

  it('takes the connections on one socket only, where asked to', () => {
    expect(() => imported(log('fs.front-end.strace'), { socket: '/other' })).toThrow(
      /no vhost-user message on \/other/,
    );
  });

  it('knows latencies where the log tells when calls returned', () => {
    const timed = log('fs.front-end.strace').replace(/ = \d+$/gm, '$& <0.000100>');
    const { frames } = imported(timed);
    const reply = frames.find(frame => frame.reply);
    const request = frames.find(frame => frame.n === reply?.answers);
    expect(request?.sentNs).toBe((request as Frame).wallNs + 100_000n);
    expect((reply as Frame).receivedNs - (request as Frame).sentNs).toBeGreaterThan(0n);
    expect(imported(log('fs.front-end.strace')).frames.every(frame => frame.sentNs === 0n)).toBe(true);
  });
});

describe('strace, line by line', () => {
  const path = 'connect(3<UNIX-STREAM:[100]>, {sa_family=AF_UNIX, sun_path="/s"}, 110) = 0';
  const request = (fds: string) =>
    `sendmsg(3<UNIX-STREAM:[100->200]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\\x0d\\0\\0\\0\\1\\0\\0\\0\\10\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0", iov_len=20}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[${fds}]}], msg_controllen=24, msg_flags=0}, 0) = 20`;
  const eventfd = (number: number) => request(`${number}<anon_inode:[eventfd]>`);

  it('tells descriptors of one number apart when they were closed in between', () => {
    const { frames } = imported(
      [path, eventfd(7), eventfd(7), 'close(7<anon_inode:[eventfd]>) = 0', eventfd(7)].join('\n'),
    );
    expect(frames.flatMap(frame => frame.fds).map(fd => fd.object)).toEqual([1, 1, 2]);
  });

  it('reads the form that strace had before 4.18', () => {
    const old =
      'sendmsg(3, {msg_name(0)=NULL, msg_iov(1)=[{"\\r\\0\\0\\0\\1\\0\\0\\0\\10\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0", 20}], msg_controllen=24, {cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, {7}}, msg_flags=0}, 0) = 20';
    expect(said(imported(old).frames)).toEqual(['F->B SET_VRING_CALL index=0 fd=unknown#1']);
  });

  it('numbers connections as the relay does: one after the other, or overlapping', () => {
    const other = (text: string) => text.replaceAll('3<', '4<').replaceAll('100', '101').replaceAll('200', '201');
    const close = 'close(3<UNIX-STREAM:[100->200]>) = 0';
    const lines = [path, eventfd(7), other(path), other(eventfd(8)), close, path, eventfd(7)];
    const { frames } = imported(lines.join('\n'));
    const places = frames.filter(frame => frame.kind === 'message').map(({ session, epoch }) => `${session}.${epoch}`);
    expect(places).toEqual(['1.1', '2.1', '1.2']);
  });

  it.each<[string, string, object]>([
    ['close(3<UNIX-STREAM:[100->200]>) = 0', 'our close', { how: 'eof', first: 'front-end' }],
    [
      'recvmsg(3<UNIX-STREAM:[100->200]>, {msg_iov=[{iov_base="", iov_len=12}]}, 0) = 0',
      'an end',
      { how: 'eof', first: 'back-end' },
    ],
    [
      'read(3<UNIX-STREAM:[100->200]>, 0x7ffc, 12) = -1 ECONNRESET (Connection reset by peer)',
      'a reset',
      { how: 'reset', first: 'back-end' },
    ],
    [
      'write(3<UNIX-STREAM:[100->200]>, "\\1", 1) = -1 EPIPE (Broken pipe)',
      'a broken pipe',
      { how: 'epipe', first: 'back-end' },
    ],
  ])('%s is %s', (line, _, ending) => {
    const { frames } = imported([path, eventfd(7), line].join('\n'));
    const events = frames
      .filter(frame => frame.kind === 'event')
      .map(frame => JSON.parse(new TextDecoder().decode(frame.bytes)));
    expect(events).toContainEqual({ event: 'closed', channel: 'main', ...ending });
  });

  it('keeps the beginning of a message that never became whole', () => {
    const half = 'write(3<UNIX-STREAM:[100->200]>, "\\1\\0\\0\\0\\1\\0\\0", 7) = 7';
    expect(said(imported([path, eventfd(7), half].join('\n')).frames).at(-1)).toBe('F->B RAW +01000000010000');
  });

  it('says so where the log is of a big-endian machine', () => {
    const swapped = (text: string) =>
      text.replace(/"\\x0d\\0\\0\\0\\1\\0\\0\\0\\10\\0\\0\\0/, String.raw`"\0\0\0\x0d\0\0\0\1\0\0\0\10`);
    const log = [path, swapped(eventfd(7))].join('\n');
    expect(log).toContain(String.raw`"\0\0\0\x0d`);
    expect(() => imported(log)).toThrow(/no vhost-user message in it; line 2: .* big-endian machine/);
  });

  it('names the line where not even a header is shown', () => {
    const hidden = 'write(3<UNIX-STREAM:[100->200]>, "\\1\\0\\0\\0"..., 20) = 20';
    const { result } = imported([path, eventfd(7), hidden].join('\n'));
    expect(result.complaints).toMatchObject([{ line: 3, message: expect.stringContaining('4 bytes of a header') }]);
  });
});

describe('log lines of DPDK', () => {
  const lines = [
    'new vhost user connection is 20',
    'read message VHOST_USER_SET_PROTOCOL_FEATURES',
    'negotiated Vhost-user protocol features: 0x8',
    'read message VHOST_USER_SET_SLAVE_REQ_FD',
    'read message VHOST_USER_SET_FEATURES',
    'negotiated Virtio features: 0x140000000',
    'read message VHOST_USER_SET_MEM_TABLE',
    'guest memory region size: 0x10000000',
    '\t guest physical addr: 0x0',
    '\t guest virtual  addr: 0x7f5027fff000',
    '\t host  virtual  addr: 0x7f6e64000000',
    '\t mmap off  : 0x2000',
    'read message VHOST_USER_SET_VRING_NUM',
    'read message VHOST_USER_SET_VRING_BASE',
    'vring base idx:1 last_used_idx:3 last_avail_idx:5.',
    'read message VHOST_USER_SET_VRING_KICK',
    'vring kick idx:1 file:25',
    'read message VHOST_USER_SET_VRING_CALL',
    'vring call idx:1 file:-1',
    'read message VHOST_USER_GET_VRING_BASE',
    'vring base idx:1 file:6',
    'mmap failed, out of luck',
    'vhost peer closed',
  ];
  const expected = [
    'F->B SET_PROTOCOL_FEATURES REPLY_ACK',
    'F->B SET_BACKEND_REQ_FD fd=socket#1',
    'F->B SET_FEATURES PROTOCOL_FEATURES|VERSION_1',
    'F->B SET_MEM_TABLE regions=[{guest_address=0x0 size=0x10000000 user_address=0x7f5027fff000 mmap_offset=0x2000}] fd=memfd#2',
    'F->B SET_VRING_NUM !length=0/8',
    'F->B SET_VRING_BASE index=1 num=5',
    'F->B SET_VRING_KICK index=1 fd=eventfd#3',
    'F->B SET_VRING_CALL index=1 nofd',
    'F->B GET_VRING_BASE index=1 num=0',
    "F<-B '- GET_VRING_BASE = index=1 num=6",
  ];

  it.each([
    ['with the socket in parentheses', 'VHOST_CONFIG: (/tmp/s) '],
    ['with the socket before a colon', 'VHOST_CONFIG: /tmp/s: '],
    ['without a socket', 'VHOST_CONFIG: '],
    ['in the log of Open vSwitch', '2024-03-01T10:00:00.250Z|00045|dpdk|INFO|VHOST_CONFIG: (/tmp/s) '],
    ['with a date in brackets', '[2020-04-07 11:43:40.221]: VHOST_CONFIG: (/tmp/s) '],
  ])('become messages %s', (_, prefix) => {
    const { frames } = imported(lines.map(line => `${prefix}${line}`).join('\n'));
    expect(said(frames)).toEqual(expected);
    const events = frames.filter(frame => frame.kind === 'event').map(frame => new TextDecoder().decode(frame.bytes));
    expect(events.some(text => text.includes('out of luck'))).toBe(true);
    expect(events.some(text => text.includes('"first":"front-end"'))).toBe(true);
    const date = /\d{4}-\d\d-\d\d/.exec(prefix)?.[0];
    if (date) expect(new Date(Number((frames[0] as Frame).wallNs / 1_000_000n)).toISOString()).toContain(date);
  });

  it('may tell of a region in lines that do not say who speaks, as up to 21.11, or without a space', () => {
    const table = (prefix: string, others: string) =>
      lines
        .slice(6, 12)
        .map((line, i) => `${i < 2 ? prefix : others}${line}`)
        .join('\n');
    const wanted = [expected[3]?.replace('#2', '#1')];
    expect(said(imported(table('VHOST_CONFIG: ', '')).frames)).toEqual(wanted);
    const ofLater = table('VHOST_CONFIG: (/tmp/s) ', 'VHOST_CONFIG: (/tmp/s)');
    expect(said(imported(ofLater).frames)).toEqual(wanted);
    // Where a region lies is not made up.
    const without = lines.slice(6, 8).map(line => `VHOST_CONFIG: ${line}`);
    expect(said(imported(without.join('\n')).frames)).toEqual([
      expect.stringMatching(/^F->B SET_MEM_TABLE .*!length=0/),
    ]);
  });

  it('name the line of a message that is not known', () => {
    const { result } = imported(
      'VHOST_CONFIG: read message VHOST_USER_GET_FEATURES\nVHOST_CONFIG: read message VHOST_USER_DANCE',
    );
    expect(result.complaints).toEqual([{ line: 2, message: 'no message is called DANCE' }]);
  });
});

describe('transcripts', () => {
  it.each(readdirSync(captures).filter(name => name.endsWith('.pcapng')))('read back what was printed of %s', name => {
    const recorded = [...readCapture(join(captures, name))].slice(0, 600);
    const writer = new LineWriter({ ascii: true });
    for (const frame of recorded) {
      writer.write(frame, { sinceFirstNs: 0 });
      writer.out.byte(0x0a);
    }
    const { frames, result } = imported(new TextDecoder().decode(writer.out.bytes), {
      device: recorded.find(frame => frame.context.device !== undefined)?.context.device ?? 0,
    });
    expect(result.complaints).toEqual([]);
    expect(said(frames)).toEqual(said(recorded));
    const messages = (list: readonly Frame[]) =>
      list.filter(({ kind }) => kind === 'message').map(({ n, answers }) => [n, answers]);
    expect(messages(frames)).toEqual(messages(recorded));
  });

  it('may be typed by hand; what cannot be read is named by its line', () => {
    const { frames, result } = imported('# a remark\nF→B GET_FEATURES\n\nF←B GET_FEATURES = VERSION_1\nF→B DANCE\n');
    expect(said(frames)).toEqual(['F->B GET_FEATURES', "F<-B '- GET_FEATURES = VERSION_1"]);
    expect(result.complaints).toEqual([{ line: 5, message: 'no message is called DANCE' }]);
  });
});

describe('what a text is', () => {
  it.each([
    ['7 1700000000.1 read(3, "\\1", 1) = 1', 'strace'],
    ['[pid   12] 10:11:12.5 <... recvmsg resumed>{}, 0) = 1', 'strace'],
    ['2024-03-01T10:00:00Z|1|dpdk|INFO|VHOST_CONFIG: read message VHOST_USER_SET_OWNER', 'dpdk'],
    ['    12   0.000100  F←B └ GET_FEATURES = 0', 'transcript'],
    ['dear all, my VM hangs', undefined],
  ])('%s', (line, name) => {
    expect(detect([Buffer.from(line).toString('latin1')])?.name).toBe(name);
  });

  it('is not what is a capture already, nor what is not there', () => {
    const to = join(folder, 'never.pcapng');
    const from = (path: string) => () => importFile({ from: path, to, nameOf: () => 'pair' });
    expect(from(join(captures, 'blk.pcapng'))).toThrow(/is a capture already/);
    expect(from(join(folder, 'nowhere'))).toThrow(/cannot read .*nowhere: /);
  });

  it('is told where it is nothing of the kind, and no file is left behind', () => {
    expect(() => imported('dear all, my VM hangs')).toThrow(ImportError);
    expect(() => imported('7 1700000000.1 read(3, "hello", 5) = 5')).toThrow(/no vhost-user message/);
    expect(readdirSync(folder)).not.toContain(`${files}.pcapng`);
  });
});
