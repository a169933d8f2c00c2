/** Framing: header and delivery. Spec sections "Message Specification" and "Header". */
import type { Frame } from '../../frame.ts';
import { type Header, headerSize, protocolVersion, readHeader } from '../../header.ts';
import type { Kind } from '../../kind.ts';
import type { Rule } from '../rule.ts';

const section = 'Message Specification / Header';
const longest = 4096;

const mostOnGpu = 256 * 1024 * 1024;
const mostElsewhere = 65_536;

/** Whether a header can be one. */
function isSane({ channel }: Frame, { flags, size }: Header): boolean {
  return channel === 'gpu' ? size <= mostOnGpu : (flags & 3) === protocolVersion && size <= mostElsewhere;
}

const notOnGpu = ({ channel }: Kind) => channel !== 'gpu';
const undeclared = ({ spec }: Kind) => spec === undefined;

/** Rules about the header and about how a message arrived. */
export const framing: readonly Rule[] = [
  {
    id: 'FRM-01',
    name: 'header-version',
    severity: 'error',
    condition: 'bits 0 and 1 of the flags are not 1 on the main or back-end channel',
    spec: section,
    remedy: 'set the version in every header, of replies too',
    confidence: 'spec',
    on: 'messages',
    only: notOnGpu,
    check: ({ message }) =>
      message.version !== 1 ? `${message.name} has version ${message.version} in its flags, must be 1` : undefined,
  },
  {
    id: 'FRM-02',
    name: 'header-reserved-flags',
    severity: 'warning',
    condition: 'a flag above bit 3 is set',
    spec: section,
    remedy: 'clear the reserved bits; rust-vmm back-ends drop the connection otherwise',
    confidence: 'spec',
    on: 'messages',
    only: notOnGpu,
    check: ({ message }) =>
      message.reserved !== 0 ? `${message.name} has reserved flags 0x${message.reserved.toString(16)}` : undefined,
  },
  {
    id: 'FRM-04',
    name: 'reply-need-reply',
    severity: 'note',
    condition: 'a reply has need_reply set as well',
    spec: section,
    remedy: 'send replies with flags exactly 0x5: QEMU, DPDK and UML front-ends demand it',
    offenders: 'libvhost-user, which edits the request in place',
    confidence: 'observed',
    on: 'replies',
    check: ({ message }) =>
      message.needReply ? `the reply to ${message.name} repeats the need_reply flag of the request` : undefined,
  },
  {
    id: 'FRM-05',
    name: 'unknown-request',
    severity: 'warning',
    condition: 'the number of a message is not declared on its channel; 0 is FRM-07',
    spec: 'Front-end message types, Back-end message types',
    remedy: 'expect peers that do not know it to close the connection',
    confidence: 'observed',
    on: 'messages',
    only: undeclared,
    check: ({ message }) => (message.id !== 0 ? `message ${message.id} is unknown on this channel` : undefined),
  },
  {
    id: 'FRM-07',
    name: 'request-zero',
    severity: 'error',
    condition: 'the number of a message is 0',
    spec: 'Front-end message types',
    remedy: 'never send 0: libvhost-user takes it for the end of the connection',
    confidence: 'observed',
    on: 'messages',
    only: undeclared,
    check: ({ message }) => (message.id === 0 && message.size >= 0 ? 'message 0 does not exist' : undefined),
  },
  {
    id: 'FRM-08',
    name: 'payload-too-long',
    severity: 'warning',
    condition: `the payload has more than ${longest} bytes, outside the gpu channel`,
    spec: section,
    remedy: 'keep payloads below the limits of the peer: rust-vmm 4096 bytes, QEMU and DPDK less',
    confidence: 'observed',
    on: 'messages',
    only: notOnGpu,
    check: ({ message }) =>
      message.size > longest ? `${message.name} has a payload of ${message.size} bytes` : undefined,
  },
  {
    id: 'FRM-10',
    name: 'late-descriptors',
    severity: 'error',
    condition: 'descriptors arrived after the first byte of their message',
    spec: 'Communication',
    remedy: 'attach descriptors to the first byte of the header',
    confidence: 'spec',
    on: 'messages',
    check: ({ frame, message }) =>
      frame.fdAt !== undefined && frame.fdAt > 0
        ? `the descriptors of ${message.name} came with byte ${frame.fdAt} of the message`
        : undefined,
  },
  {
    id: 'FRM-11',
    name: 'message-in-pieces',
    severity: 'note',
    condition: 'a message arrived in pieces whose bounds are not those of header and payload',
    spec: 'Communication',
    remedy: 'send header and payload with one call: libvhost-user, DPDK, passt and VPP give up on a payload in pieces',
    confidence: 'observed',
    on: 'messages',
    only: notOnGpu,
    check: ({ frame, message }) =>
      frame.seg ? `${message.name} arrived in pieces of ${frame.seg.slice(0, 6).join(', ')} bytes` : undefined,
  },
  {
    id: 'FRM-12',
    name: 'too-many-descriptors',
    severity: 'error',
    condition: 'more than 8 descriptors came with one message on the back-end channel; elsewhere a warning',
    spec: 'Front-end message types / VHOST_USER_SET_BACKEND_REQ_FD',
    remedy: 'send at most 8 descriptors with a message',
    confidence: 'spec',
    on: 'messages',
    check: ({ frame, message }) => {
      const count = frame.fdCount ?? frame.fds.length;
      if (count <= 8) return undefined;
      const text = `${message.name} carries ${count} descriptors, peers take at most 8`;
      return frame.channel === 'backend-req' ? text : { message: text, severity: 'warning' };
    },
  },
  {
    id: 'FRM-14',
    name: 'descriptors-lost',
    severity: 'error',
    condition: 'the kernel dropped descriptors of a message on its way to vhuscope (MSG_CTRUNC)',
    spec: 'Communication',
    remedy: 'raise the limit of open files, or look for denials of a security module',
    confidence: 'observed',
    on: 'messages',
    check: ({ frame, message }) =>
      frame.ctrunc ? { message: `the kernel dropped descriptors of ${message.name}`, side: 'front-end' } : undefined,
  },
  {
    id: 'FRM-09',
    name: 'message-cut',
    severity: 'error',
    condition: 'the bytes of a direction, all of them passed on, end in the middle of a message',
    spec: section,
    remedy: 'find out why the sender stopped: it closed, or died, before the message was whole',
    confidence: 'spec',
    checkRaw: ({ frame, first }) => {
      const header = first ? readHeader(frame.bytes, 0, frame.context.bigEndian === true) : undefined;
      if (!first || frame.sentNs === 0n || (header && !isSane(frame, header))) return undefined;
      if (!header) return `${frame.wireLength} bytes are there, a header has ${headerSize}`;
      return frame.wireLength < headerSize + header.size
        ? `${frame.wireLength} of the ${headerSize + header.size} bytes of message ${header.id} are there`
        : undefined;
    },
  },
  {
    id: 'FRM-15',
    name: 'no-message',
    severity: 'error',
    condition:
      'where a message should begin there is no header: another version than 1, or a size beyond 64 KiB (GPU: 256 MiB)',
    spec: section,
    remedy: 'look at what else writes to this socket: two threads of a peer, or a program that speaks another protocol',
    confidence: 'observed',
    checkRaw: ({ frame, first }) => {
      const header = first ? readHeader(frame.bytes, 0, frame.context.bigEndian === true) : undefined;
      return header && frame.sentNs !== 0n && !isSane(frame, header)
        ? `these bytes would be message ${header.id} with flags 0x${header.flags.toString(16)} and ${header.size} bytes`
        : undefined;
    },
  },
];
