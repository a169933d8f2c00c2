/**
 * Lines that QEMU, DPDK, SPDK and virtiofsd print, and what on the wire lies behind them. The printed error is often one
 * step behind the real one; each entry says what to look at instead.
 */
import { messageByName } from '../catalog.ts';
import { frontEnd } from '../spec/front-end.ts';

/** One printed line. */
export interface ErrorLine {
  readonly id: string;
  /** Who prints it. */
  readonly by: string;
  readonly pattern: RegExp;
  /** What it means on the wire; given what the pattern caught. */
  readonly means: (caught: RegExpMatchArray) => string;
  /** What to look at in a capture, and what to do. */
  readonly look: string;
  /** A filter that finds the event on the wire that lies behind it. */
  readonly wire?: (caught: RegExpMatchArray) => string;
}

/** The message of that number, and the end of the connection. */
const requestAndEnd = (number: string | undefined): string => {
  const spec = frontEnd.find(one => String(one.id) === number);
  return spec ? `${spec.name} or closed` : 'closed';
};

const messageName = (number: string | undefined): string => {
  const spec = frontEnd.find(one => String(one.id) === number);
  return spec ? `${spec.name}(${number})` : `message ${number}`;
};

/** Every known line. */
export const errorLines: readonly ErrorLine[] = [
  {
    id: 'qemu-read-0',
    by: 'QEMU',
    pattern: /Failed to read msg header\. Read 0 instead of 12\.(?: Original request (\d+))?/i,
    means: ([, request]) =>
      'the back-end closed the connection while QEMU waited for an answer' +
      (request === undefined
        ? ''
        : Number(request) >= 1 && Number(request) <= 45
          ? `, here to ${messageName(request)}; the number can be trusted only for messages with an answer of their own, not for acknowledgements`
          : `; the number ${request} is not a request: QEMU prints what stood in its buffer`),
    look: 'which request was outstanding and whether the back-end died: vhuscope check tells both; then the log of the back-end',
    wire: ([, request]) => requestAndEnd(request),
  },
  {
    id: 'qemu-read-error',
    by: 'QEMU',
    pattern: /Failed to read msg header\. Read -1 instead of 12/i,
    means: () => 'the socket was already broken when QEMU tried to read: a consequence of an earlier end',
    look: 'the end of the connection before it',
    wire: () => 'closed',
  },
  {
    id: 'qemu-flags',
    by: 'QEMU',
    pattern: /Failed to read msg header\. Flags (0x[0-9a-f]+) instead of 0x5/i,
    means: ([, flags]) =>
      `what QEMU took for a reply has flags ${flags}: another message stood in the stream, or two threads of QEMU read each other's answers`,
    look: 'replies that nobody waits for, and requests sent before the one before them was answered (rules RPL-01, RPL-02, RPL-12)',
    wire: () => 'type == reply and problem',
  },
  {
    id: 'qemu-size',
    by: 'QEMU',
    pattern: /Size (\d+) exceeds the maximum/i,
    means: ([, size]) =>
      `a reply announces ${size} bytes, more than QEMU has room for: the stream is out of step, or the peers speak different dialects`,
    look: 'the reply in the capture, and whether the message before it has the size it should have (rule SIZ-01)',
    wire: ([, size]) => `type == reply and size >= ${size}`,
  },
  {
    id: 'unexpected-reply',
    by: 'QEMU, rust-vmm, DPDK',
    pattern: /received unexpected msg type(?:\W*Expected (\d+) received (\d+))?/i,
    means: ([, expected, received]) =>
      expected === undefined
        ? 'a reply to another request arrived'
        : `a reply to ${messageName(received)} arrived where one to ${messageName(expected)} was waited for`,
    look: 'the order of requests and replies around it (rules RPL-01, RPL-02)',
    wire: ([, expected, received]) =>
      [expected, received].flatMap(one => (one === undefined ? [] : [`id == ${one}`])).join(' or ') ||
      'type == reply and problem',
  },
  {
    id: 'qemu-msg-fds',
    by: 'QEMU',
    pattern: /Failed to set msg fds/i,
    means: () => 'the connection was gone before QEMU could write: a consequence, not the cause',
    look: 'the end of the connection before it, and who went first',
    wire: () => 'closed',
  },
  {
    id: 'qemu-write',
    by: 'QEMU',
    pattern: /Failed to write msg\. Wrote -1 instead of (\d+)/i,
    means: ([, size]) =>
      `the back-end had closed before QEMU wrote a message of ${Number(size)} bytes (${Number(size) - 12} of payload): blame an earlier request`,
    look: 'the last request the back-end received before it closed',
    wire: () => 'closed',
  },
  {
    id: 'qemu-ring-restore',
    by: 'QEMU',
    pattern: /vhost VQ (\d+) ring restore failed/i,
    means: ([, ring]) =>
      `GET_VRING_BASE for ring ${ring} got no answer when the device was stopped: usually the back-end was already gone`,
    look: 'whether the connection ended before the stop; harmless when the back-end was stopped first on purpose',
    wire: ([, ring]) => `(GET_VRING_BASE and vring.index == ${ring}) or closed`,
  },
  {
    id: 'qemu-memory-map',
    by: 'QEMU',
    pattern: /Failed initializing vhost-user memory map|falling back on userspace virtio/i,
    means: () => 'QEMU found no guest memory that it could share, so it sent no SET_MEM_TABLE',
    look: 'the memory back-end: it must be memory-backend-memfd or -file with share=on, and the machine must use it',
    wire: () => 'SET_FEATURES or SET_MEM_TABLE or ADD_MEM_REG',
  },
  {
    id: 'qemu-features-missing',
    by: 'QEMU',
    pattern: /vhost lacks feature mask (0x[0-9a-f]+|\d+)/i,
    means: ([, mask]) => `after a reconnection the back-end no longer offers ${mask}, which the guest already uses`,
    look: 'GET_FEATURES of both connections (rule EPO-02); start the back-end with its former options',
    wire: () => 'GET_FEATURES and type == reply',
  },
  {
    id: 'qemu-iommu',
    by: 'QEMU',
    pattern: /IOMMU support requires reply-ack and backend-req/i,
    means: () => 'the back-end offers ACCESS_PLATFORM without the protocol features REPLY_ACK and BACKEND_REQ',
    look: 'the offered protocol features; leave iommu_platform=on away',
    wire: () => 'GET_PROTOCOL_FEATURES and type == reply',
  },
  {
    id: 'qemu-log-shmfd',
    by: 'QEMU',
    pattern: /lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD/i,
    means: () => 'the back-end cannot log its writes to guest memory, so the device cannot be migrated',
    look: 'the offered protocol features (rule LOG-06)',
    wire: () => 'GET_PROTOCOL_FEATURES and type == reply',
  },
  {
    id: 'qemu-config',
    by: 'QEMU',
    pattern: /get block config failed|expecting VHOST_USER_PROTOCOL_F_CONFIG/i,
    means: () => 'the device model needs the configuration space, and the back-end refuses it or does not offer CONFIG',
    look: 'GET_CONFIG and its reply (rule CFG-08); whether the program behind the socket serves this type of device',
    wire: () => 'GET_CONFIG or (GET_PROTOCOL_FEATURES and type == reply)',
  },
  {
    id: 'qemu-queues',
    by: 'QEMU',
    pattern: /maximum number of queues supported by the backend is (\d+)/i,
    means: ([, most]) => `the answer to GET_QUEUE_NUM was ${most}, fewer than QEMU is configured for`,
    look: 'num-queues of the device against that of the back-end',
    wire: () => 'GET_QUEUE_NUM',
  },
  {
    id: 'qemu-slots',
    by: 'QEMU',
    pattern: /backend specified a max ram slots limit of (\d+)/i,
    means: ([, most]) => `GET_MAX_MEM_SLOTS was answered with ${most}, fewer than before`,
    look: 'both answers (rule NEG-20)',
    wire: () => 'GET_MAX_MEM_SLOTS',
  },
  {
    id: 'qemu-connect',
    by: 'QEMU',
    pattern: /Failed to connect to '([^']*)': (.+)/i,
    means: ([, path, why]) => `nobody listens on ${path} (${why}): no byte of the protocol was exchanged`,
    look: 'whether the back-end runs and made its socket there; some serve one connection only',
  },
  {
    id: 'virtiofsd-param',
    by: 'virtiofsd (Rust), vhost-device-*',
    pattern: /HandleRequest\(InvalidParam\)/i,
    means: () =>
      'a request had a value the back-end does not accept, most often addresses of a ring outside all memory it knows',
    look: 'whether any ADD_MEM_REG or SET_MEM_TABLE came before SET_VRING_ADDR (rules MEM-13, RNG-06)',
    wire: () => 'SET_VRING_ADDR or SET_MEM_TABLE or ADD_MEM_REG or closed',
  },
  {
    id: 'libvhost-vring-addr',
    by: 'libvhost-user, qemu-storage-daemon',
    pattern: /Invalid vring_addr message/i,
    means: () => 'the addresses of SET_VRING_ADDR lie in no memory region that was sent',
    look: 'whether guest memory is shared (rules MEM-13, RNG-06)',
    wire: () => 'SET_VRING_ADDR or SET_MEM_TABLE or ADD_MEM_REG',
  },
  {
    id: 'dpdk-ctrunc',
    by: 'DPDK',
    pattern: /truncated control data/i,
    means: () =>
      'the kernel dropped descriptors of a message: a security module refused one, or too many files are open',
    look: 'rule FRM-14; ausearch -m avc, dmesg',
    wire: () => 'ctrunc',
  },
  {
    id: 'dpdk-fds',
    by: 'DPDK',
    pattern: /expect (\d+) FDs for request (\S+),? received (\d+)/i,
    means: ([, expected, request, received]) =>
      `${request} came with ${received} descriptors, ${expected} were expected`,
    look: 'rule FD-01, and FRM-14 if the kernel dropped them',
    wire: ([, , request]) => (request !== undefined && messageByName(request) ? request : 'fds'),
  },
];
