import { describe, expect, it } from 'vitest';
import { calls } from '../../src/import/strace/calls.ts';
import { kindOf, namedFds } from '../../src/import/strace/descriptors.ts';
import { type CapturedMessage, type CaptureRecord, conversationsOf } from './capture.ts';
import { compareConversations, compareMessages } from './compare.ts';
import { conversations } from './conversation.ts';
import { messages, readTrace } from './strace.ts';

// The lines below are typed by hand after strace 6.1's output format. Socket path "/s" is \x2f\x73.
const connect = '7 10.000001 connect(3<UNIX-STREAM:[100]>, {sa_family=AF_UNIX, sun_path="\\x2f\\x73"}, 110) = 0';
const getFeatures =
  '7 10.000002 sendmsg(3<UNIX-STREAM:[100->200]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\\x01\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00", iov_len=12}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 12';
const replyHeader =
  '7 10.000003 recvmsg(3<UNIX-STREAM:[100->200]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\\x01\\x00\\x00\\x00\\x05\\x00\\x00\\x00\\x08\\x00\\x00\\x00", iov_len=12}], msg_iovlen=1, msg_controllen=0, msg_flags=MSG_CMSG_CLOEXEC}, MSG_CMSG_CLOEXEC) = 12';
const replyPayload = '7 10.000004 read(3<UNIX-STREAM:[100->200]>, "\\x00\\x00\\x00\\x75\\x01\\x00\\x00\\x00", 8) = 8';
const setBackendReqFd =
  '7 10.000005 sendmsg(3<UNIX-STREAM:[100->200]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\\x15\\x00\\x00\\x00\\x09\\x00\\x00\\x00\\x00\\x00\\x00\\x00", iov_len=12}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[11<UNIX-STREAM:[302->301]>]}], msg_controllen=24, msg_flags=0}, 0) = 12';
const backendRequest =
  '8 10.000006 recvmsg(9<UNIX-STREAM:[301->302]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\\x02\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00", iov_len=12}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, 0) = 12';
const session = [connect, getFeatures, replyHeader, replyPayload, setBackendReqFd, backendRequest];

const bytes = (hex: string) => Buffer.from(hex, 'hex');
const line = (text: string) => readTrace([text]);
const sole = (text: string) => [...line(text).ends.values()][0];

/** The records that a faithful capture has of `session`. */
const records: CaptureRecord[] = [
  ['main', 'front-to-back', 'request', 1, '010000000100000000000000', []],
  ['main', 'back-to-front', 'reply', 1, '0100000005000000080000000000007501000000', []],
  ['main', 'front-to-back', 'request', 21, '150000000900000000000000', [{ kind: 'socket' }]],
  ['backend-req', 'back-to-front', 'request', 2, '020000000100000000000000', []],
].map(([channel, dir, type, id, raw, fds], at) => ({
  ...({ channel, dir, type, id, raw, fds } as Pick<CaptureRecord, 'channel' | 'dir' | 'type' | 'id' | 'raw' | 'fds'>),
  n: at + 1,
  session: 1,
  epoch: 1,
  size: (raw as string).length / 2 - 12,
}));

describe('one line', () => {
  it('shows the bytes and the result of a send', () => {
    expect(sole(getFeatures)?.sent).toEqual([
      { time: 10.000002, length: 12, pieces: [{ at: 0, bytes: bytes('010000000100000000000000') }], fds: [] },
    ]);
  });

  it('takes no more than a partial send moved', () => {
    const text = '7 1.0 sendto(3<UNIX-STREAM:[1->2]>, "\\x0a\\x0b\\x0c\\x0d", 4, 0, NULL, 0) = 3';
    expect(sole(text)?.sent).toMatchObject([{ length: 3, pieces: [{ at: 0, bytes: bytes('0a0b0c') }] }]);
  });

  it('spreads a receive over several buffers', () => {
    const text =
      '7 1.0 recvmsg(3<UNIX-STREAM:[1->2]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="\\x0a\\x0b", iov_len=2}, {iov_base="\\x0c", iov_len=9}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 3';
    expect(sole(text)?.received).toMatchObject([
      {
        length: 3,
        pieces: [
          { at: 0, bytes: bytes('0a0b') },
          { at: 2, bytes: bytes('0c') },
        ],
      },
    ]);
  });

  it('marks what -s cut away', () => {
    const text = '7 1.0 write(3<UNIX-STREAM:[1->2]>, "\\x0a\\x0b"..., 9000) = 9000';
    expect(sole(text)?.sent).toMatchObject([{ length: 9000, pieces: [{ at: 0, bytes: bytes('0a0b') }] }]);
  });

  it.each([
    ['a failed call', '7 1.0 sendto(3<UNIX-STREAM:[1->2]>, "\\x0a", 1, 0, NULL, 0) = -1 EPIPE (Broken pipe)'],
    ['the end of the stream', '7 1.0 read(3<UNIX-STREAM:[1->2]>, "", 12) = 0'],
    ['a call cut short by SIGKILL', '7 1.0 read(3<UNIX-STREAM:[1->2]>,  <unfinished ...>) = ?'],
    ['a file', '7 1.0 read(3<\\x2f\\x65\\x74\\x63>, "\\x0a", 1) = 1'],
  ])('moves nothing: %s', (_, text) => {
    expect(sole(text)).toBeUndefined();
  });

  it('names passed descriptors', () => {
    const fds = namedFds(
      '6<\\x61\\x6e\\x6f\\x6e\\x5f\\x69\\x6e\\x6f\\x64\\x65\\x3a\\x5b\\x65\\x76\\x65\\x6e\\x74\\x66\\x64\\x5d>, 7<\\x2f\\x6d\\x65\\x6d\\x66\\x64\\x3a\\x6d\\x65\\x6d>(deleted), 5<UNIX-STREAM:[24->25,"\\x2f"]>',
    );
    expect(fds).toEqual([
      { number: 6, name: 'anon_inode:[eventfd]' },
      { number: 7, name: '/memfd:mem' },
      { number: 5, name: 'UNIX-STREAM:[24->25,"\\x2f"]', inode: 24, peer: 25 },
    ]);
    expect(fds.map(kindOf)).toEqual(['eventfd', 'memfd', 'socket']);
  });
});

describe('several lines', () => {
  it('joins a call that another thread interrupted, in the order of return', () => {
    const found = [
      ...calls([
        '7 1700000001.0 recvfrom(3<UNIX-STREAM:[1->2]>,  <unfinished ...>',
        '8 1700000001.1 write(4<UNIX-STREAM:[2->1]>, "\\x0a", 1) = 1',
        '7 1700000001.2 <... recvfrom resumed>"\\x0a", 9, 0, NULL, NULL) = 1',
      ]),
    ];
    expect(found.map(call => [call.name, call.time, call.result])).toEqual([
      ['write', 1700000001.1, 1],
      ['recvfrom', 1700000001.0, 1],
    ]);
  });

  it('finds where a socket was accepted, connected, and closed', () => {
    const trace = readTrace([
      '7 1700000001.0 accept4(3<UNIX-STREAM:[50,"\\x2f\\x73"]>, {sa_family=AF_UNIX}, [110 => 2], SOCK_CLOEXEC) = 5<UNIX-STREAM:[51->52,"\\x2f\\x73"]>',
      '7 1700000002.0 close(5<UNIX-STREAM:[51->52,"\\x2f\\x73"]>) = 0',
      '7 1700000003.0 connect(6<UNIX-STREAM:[60]>, {sa_family=AF_UNIX, sun_path="\\x2f\\x73"}, 110) = -1 ENOENT (No such file or directory)',
    ]);
    expect(trace.ends.get(51)).toEqual({ inode: 51, path: '/s', sent: [], received: [], closed: 1700000002 });
    expect(trace.connects).toEqual([{ time: 1700000003, path: '/s', result: -1, error: 'ENOENT' }]);
  });

  it('puts messages together whatever the boundaries of the calls', () => {
    const stream = bytes('050000000100000004000000aabbccdd0300000001000000000000000600');
    for (const width of [1, 2, 5, 11, 12, 13, 30]) {
      const transfers = [];
      for (let at = 0; at < stream.length; at += width) {
        const part = stream.subarray(at, at + width);
        const fds = at === 0 ? [{ number: 9, name: 'pipe:[1]' }] : [];
        transfers.push({ time: at, length: part.length, pieces: [{ at: 0, bytes: part }], fds });
      }
      const found = messages(transfers);
      expect(found.rest).toBe(2);
      expect(found.messages.map(({ id, size, fds }) => [id, size, fds.length])).toEqual([
        [5, 4, 1],
        [3, 0, 0],
      ]);
      expect(Buffer.concat(found.messages[0]?.pieces.map(piece => piece.bytes) ?? [])).toEqual(stream.subarray(0, 16));
    }
  });

  it('follows the socket that SET_BACKEND_REQ_FD passes, on either side', () => {
    const [front] = conversations(readTrace(session), '/s', 'front-end');
    expect(front?.main.sent.map(message => message.id)).toEqual([1, 21]);
    expect(front?.['backend-req']?.received.map(message => message.id)).toEqual([2]);
    const passed = setBackendReqFd.replace(' sendmsg(', ' recvmsg(').replace('302->301', '301->302');
    const [back] = conversations(readTrace([connect, passed, backendRequest]), '/s', 'back-end');
    expect(back?.['backend-req']?.received.map(message => message.id)).toEqual([2]);
  });
});

describe('the comparison', () => {
  const traced = conversations(readTrace(session), '/s', 'front-end');
  const differences = (changed: CaptureRecord[]) => compareConversations(conversationsOf(changed), traced, 'front-end');
  const change = (at: number, values: Partial<CaptureRecord>) =>
    records.map((r, i) => (i === at ? { ...r, ...values } : r));

  it('is silent when capture and trace agree', () => {
    expect(differences(records)).toEqual([]);
  });

  it.each<[string, CaptureRecord[], string]>([
    [
      'a flipped bit',
      change(1, { raw: '0100000005000000080000000000007401000000' }),
      'byte 15 is 116, in the trace 117',
    ],
    ['a dropped request', records.toSpliced(0, 1), 'the trace has id 1'],
    ['a dropped last request', records.toSpliced(2, 1), '(id 21, size 0) is missing in the capture'],
    ['a dropped reply', records.toSpliced(1, 1), '(id 1, size 8) is missing in the capture'],
    [
      'a message too many',
      [...records, { ...(records[0] as CaptureRecord), n: 9 }],
      'is in the capture, but not in the trace',
    ],
    ['a lost descriptor', change(2, { fds: [] }), '0 descriptors, in the trace 1'],
    ['another kind of descriptor', change(2, { fds: [{ kind: 'pipe' }] }), 'descriptors pipe, in the trace socket'],
    ['two messages swapped', [records[2], records[1], records[0], records[3]] as CaptureRecord[], 'the trace has id 1'],
    ['a lost channel', records.toSpliced(3, 1), 'connection 1, backend-req, front-end received, message 1'],
    ['bytes missing without a word', change(1, { raw: '010000000500000008000000' }), '12 bytes of 20 captured'],
    [
      'a connection too many',
      [...records, { ...(records[0] as CaptureRecord), epoch: 2 }],
      '2 connections in the capture, 1',
    ],
  ])('tells %s', (_, changed, sentence) => {
    expect(differences(changed).join('\n')).toContain(sentence);
  });

  it('lets unread messages pass only where it is told to, and only at the end', () => {
    const extra = [...records, { ...(records[1] as CaptureRecord), n: 9 }];
    const captured = conversationsOf(extra);
    expect(compareConversations(captured, traced, 'front-end', { unread: 1 })).toEqual([]);
    expect(compareConversations(captured, traced, 'front-end')).toHaveLength(1);
  });

  it('lets what the relay left unread pass only where it is told to, and only at the end', () => {
    const withoutLast = conversationsOf(records.toSpliced(2, 1));
    expect(compareConversations(withoutLast, traced, 'front-end', { undelivered: 1 })).toEqual([]);
    expect(compareConversations(withoutLast, traced, 'front-end')).toHaveLength(1);
    const withoutFirst = conversationsOf(records.toSpliced(0, 1));
    expect(compareConversations(withoutFirst, traced, 'front-end', { undelivered: 1 })).not.toEqual([]);
  });

  it('compares what both sides show of a shortened message', () => {
    const whole = bytes('080000000100000010000000ffffffffffffffffffffffffffffffff');
    const message = { time: 0, id: 8, flags: 1, size: 16, pieces: [{ at: 0, bytes: whole.subarray(0, 20) }], fds: [] };
    const ours: CapturedMessage = { n: 1, id: 8, size: 16, raw: whole.subarray(0, 24), shortened: true, fds: [] };
    expect(compareMessages('gpu', [ours], [message])).toEqual([]);
    expect(compareMessages('gpu', [{ ...ours, shortened: false }], [message])).toHaveLength(1);
  });
});
