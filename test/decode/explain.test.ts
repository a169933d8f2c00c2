import { describe, expect, it } from 'vitest';
import { messagesOf } from '../../src/decode/catalog.ts';
import { rules } from '../../src/decode/check/rules/index.ts';
import { errorLines } from '../../src/decode/explain/error-lines.ts';
import { explain } from '../../src/decode/explain/explain.ts';
import { compileFilter } from '../../src/decode/filter/filter.ts';

const titles = (words: string) => explain(words).map(one => one.title);

describe('a word is explained', () => {
  it.each<[string, string]>([
    ['SET_VRING_KICK', 'SET_VRING_KICK(12)'],
    ['vhost_user_set_slave_req_fd', 'SET_BACKEND_REQ_FD(21)'],
    ['CRYPTO_CREATE_SESS', 'CREATE_CRYPTO_SESSION(26)'],
    ['VHOST_USER_PROTOCOL_F_SLAVE_REQ', 'BACKEND_REQ, bit 5'],
    ['VIRTIO_F_VERSION_1', 'VERSION_1, bit 32'],
    ['VIRTIO_NET_F_MQ', 'MQ, bit 22'],
    ['bit 30', 'PROTOCOL_FEATURES, bit 30'],
    ['Bit 3', 'REPLY_ACK, bit 3'],
    ['vring.index', 'vring.index'],
    ['vhost_user.mem.guest_addr', 'mem.guest_addr'],
    ['virtio-fs', 'fs, virtio id 26'],
    ['mem-13', 'MEM-13 ring-without-memory'],
    ['memory-not-shared', 'guest memory is not shared with the back-end'],
  ])('%s', (words, title) => expect(titles(words)).toContain(title));

  it('on every channel where a number stands for something', () => {
    expect(explain('8').map(one => one.kind)).toEqual(
      expect.arrayContaining([
        'request of the front-end, main connection',
        'request of the back-end, on the gpu channel',
      ]),
    );
  });

  it('of another device only where it is asked for', () => expect(titles('VIRTIO_NET_F_MQ')).toEqual(['MQ, bit 22']));

  it('or nothing is said', () => expect(explain('no such thing')).toEqual([]));

  it('for every message and rule', () => {
    for (const spec of Object.values(messagesOf).flat())
      expect(titles(spec.name)).toContain(`${spec.name}(${spec.id})`);
    for (const rule of rules) expect(titles(rule.id)).toHaveLength(1);
  });
});

/** Lines as the programs print them. */
const printed: readonly (readonly [id: string, line: string, says: RegExp])[] = [
  [
    'qemu-read-0',
    'qemu-system-x86_64: Failed to read msg header. Read 0 instead of 12. Original request 11.',
    /GET_VRING_BASE\(11\)/,
  ],
  ['qemu-read-0', 'Failed to read msg header. Read 0 instead of 12. Original request 1566376224.', /is not a request/],
  ['qemu-read-error', 'Failed to read msg header. Read -1 instead of 12. Original request 0.', /already broken/],
  ['qemu-flags', 'Failed to read msg header. Flags 0x0 instead of 0x5.', /flags 0x0/],
  ['qemu-size', 'Failed to read msg header. Size 4096 exceeds the maximum 1072.', /4096 bytes/],
  ['unexpected-reply', 'Received unexpected msg type. Expected 22 received 40', /GET_STATUS\(40\).*IOTLB_MSG\(22\)/],
  ['qemu-msg-fds', 'qemu-system-x86_64: Failed to set msg fds.', /consequence/],
  ['qemu-write', 'Failed to write msg. Wrote -1 instead of 20.', /8 of payload/],
  ['qemu-ring-restore', 'qemu-system-x86_64: vhost VQ 0 ring restore failed: -22: Invalid argument (22)', /ring 0/],
  ['qemu-memory-map', 'unable to start vhost net: 11: falling back on userspace virtio', /could share/],
  ['qemu-features-missing', 'vhost lacks feature mask 0x40000000 for backend', /0x40000000/],
  ['qemu-iommu', 'IOMMU support requires reply-ack and backend-req protocol features.', /ACCESS_PLATFORM/],
  [
    'qemu-log-shmfd',
    'Migration disabled: vhost-user backend lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature.',
    /migrated/,
  ],
  ['qemu-config', 'vhost-user-blk: get block config failed', /configuration space/],
  ['qemu-queues', 'The maximum number of queues supported by the backend is 1', /was 1/],
  ['qemu-slots', 'The backend specified a max ram slots limit of 8, when the prior validated limit was 32.', /with 8/],
  ['qemu-connect', "Failed to connect to '/run/vm/fs.sock': No such file or directory", /\/run\/vm\/fs\.sock/],
  ['virtiofsd-param', 'Waiting for daemon failed: HandleRequest(InvalidParam)', /addresses of a ring/],
  ['libvhost-vring-addr', 'vu_panic: Invalid vring_addr message', /no memory region/],
  ['dpdk-ctrunc', 'VHOST_CONFIG: truncated control data (fd 12)', /dropped descriptors/],
  [
    'dpdk-fds',
    'VHOST_CONFIG: expect 1 FDs for request VHOST_USER_SET_VRING_KICK, received 0',
    /0 descriptors, 1 were expected/,
  ],
];

describe('a printed error', () => {
  it.each(printed)('%s: %s', (id, line, says) => {
    const by = errorLines.find(one => one.id === id)?.by;
    const found = explain(line).filter(one => one.kind === `error of ${by}`);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.lines.join('\n')).toMatch(says);
  });

  it('has a line here for every entry', () => {
    expect(errorLines.map(one => one.id).filter(id => !printed.some(([shown]) => shown === id))).toEqual([]);
  });
});

describe('what lies behind a printed line on the wire', () => {
  it.each(printed)('%s can be looked for: %s', (_, line) => {
    for (const { filter } of explain(line)) if (filter !== undefined) expect(() => compileFilter(filter)).not.toThrow();
  });

  it('is named for most of them', () => {
    const without = errorLines.filter(one => one.wire === undefined).map(one => one.id);
    expect(without).toEqual(['qemu-connect']);
  });
});
