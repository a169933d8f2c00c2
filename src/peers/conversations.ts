/**
 * Scripts of whole phases in the orders of real front-ends. They depend on what is negotiated only through conditions,
 * so that the same script fits every back-end.
 */
import type { Cond } from '../decode/schema.ts';
import { blockHeader, blockRequest } from './personality.ts';
import { perRing, type Script, script, send, transfer, when } from './script.ts';

const has = {
  protocolFeatures: ['feature', 'PROTOCOL_FEATURES'],
  queues: ['protocol', 'MQ'],
  slots: ['protocol', 'CONFIGURE_MEM_SLOTS'],
  backEndRequests: ['protocol', 'BACKEND_REQ'],
  status: ['protocol', 'STATUS'],
  config: ['protocol', 'CONFIG'],
  inflight: ['protocol', 'INFLIGHT_SHMFD'],
} as const satisfies { readonly [name: string]: Cond };

/**
 * How QEMU begins, before the guest's driver does anything: features, queues, the back-end channel, an owner, and the
 * call and err descriptors of each ring.
 *
 * @param first 0, or for a further queue pair of a net device the index of its first ring; such a pair repeats only
 *   what belongs to itself
 */
export function qemuConnects(rings: number, first = 0): Script {
  const isFirst = first === 0;
  return script(
    send('GET_FEATURES'),
    when(
      has.protocolFeatures,
      script(
        send('GET_PROTOCOL_FEATURES'),
        send('SET_PROTOCOL_FEATURES'),
        isFirst ? when(has.queues, send('GET_QUEUE_NUM')) : [],
        when(has.slots, send('GET_MAX_MEM_SLOTS')),
        isFirst ? when(has.backEndRequests, send('SET_BACKEND_REQ_FD')) : [],
      ),
    ),
    isFirst ? send('SET_OWNER') : [],
    send('GET_FEATURES'),
    perRing(rings, ring => [
      send('SET_VRING_CALL', { index: first + ring }),
      send('SET_VRING_ERR', { index: first + ring }),
    ]),
  );
}

/** The features, and the status that goes with them. */
const acknowledgesFeatures = script(
  send('SET_FEATURES'),
  when(has.status, [send('GET_STATUS'), send('SET_STATUS', { status: ['FEATURES_OK'] })]),
);

/** Guest memory, as one table or region by region. */
const sharesMemory = when(has.slots, send('ADD_MEM_REG'), send('SET_MEM_TABLE'));

const setsUp = (ring: number): Script => [
  send('SET_VRING_NUM', { index: ring }),
  send('SET_VRING_BASE', { index: ring }),
  send('SET_VRING_ADDR', { index: ring }),
  send('SET_VRING_KICK', { index: ring }),
];

const driverOk = when(has.status, [
  send('GET_STATUS'),
  send('SET_STATUS', { status: ['ACKNOWLEDGE', 'DRIVER', 'DRIVER_OK', 'FEATURES_OK'] }),
]);

/** How QEMU starts vhost-user-blk: features twice, the inflight region, memory, rings. */
export function qemuStartsBlk(rings = 1): Script {
  return script(
    acknowledgesFeatures,
    when(has.inflight, [send('GET_INFLIGHT_FD', { num_queues: rings }), send('SET_INFLIGHT_FD')]),
    perRing(rings, ring => send('SET_VRING_CALL', { index: ring })),
    acknowledgesFeatures,
    sharesMemory,
    perRing(rings, setsUp),
    when(
      has.protocolFeatures,
      perRing(rings, ring => send('SET_VRING_ENABLE', { index: ring })),
    ),
    driverOk,
  );
}

/** How QEMU starts vhost-user-fs; the guest's call descriptors come first, and again at the end. */
export function qemuStartsFs(rings = 2): Script {
  return script(
    perRing(rings, ring => send('SET_VRING_CALL', { index: ring })),
    acknowledgesFeatures,
    sharesMemory,
    perRing(rings, setsUp),
    when(
      has.protocolFeatures,
      perRing(rings, ring => send('SET_VRING_ENABLE', { index: ring })),
    ),
    perRing(rings, ring => send('SET_VRING_CALL', { index: ring })),
  );
}

/** How QEMU begins and starts a net device of several queue pairs on one socket. */
export function qemuNet(pairs = 1): Script {
  return script(
    perRing(pairs, pair => qemuConnects(2, pair * 2)),
    perRing(pairs * 2, ring => send('SET_VRING_ENABLE', { index: ring })),
    perRing(pairs, pair =>
      script(
        acknowledgesFeatures,
        pair === 0 ? sharesMemory : [],
        perRing(2, ring => [...setsUp(pair * 2 + ring), send('SET_VRING_CALL', { index: pair * 2 + ring })]),
      ),
    ),
    driverOk,
  );
}

/** How QEMU stops a net device: the status first. */
export function qemuNetStops(pairs = 1): Script {
  return script(
    when(has.status, send('SET_STATUS', { status: [] })),
    perRing(pairs * 2, ring => send('GET_VRING_BASE', { index: ring })),
  );
}

/** How QEMU stops a device: rings disabled, then stopped; memory stays shared and the connection open. */
export function qemuStops(rings = 1): Script {
  return script(
    when(
      has.protocolFeatures,
      perRing(rings, ring => send('SET_VRING_ENABLE', { index: ring, num: 0 })),
    ),
    perRing(rings, ring => send('GET_VRING_BASE', { index: ring })),
    when(has.status, send('SET_STATUS', { status: [] })),
  );
}

/** How QEMU turns the dirty log of a migration on. */
export function qemuLogs(rings = 1): Script {
  return script(
    send('SET_LOG_BASE'),
    send('SET_FEATURES', { features: ['LOG_ALL'] }),
    perRing(rings, ring => send('SET_VRING_ADDR', { index: ring, flags: 1 })),
  );
}

/** The destination of a postcopy migration in QEMU: memory is told, answered, and that answer acknowledged. */
export const qemuPostcopy: Script = [
  send('POSTCOPY_ADVISE'),
  send('POSTCOPY_LISTEN'),
  send('SET_MEM_TABLE', {}, { needReply: false }),
  send('SET_MEM_TABLE', { regions: [] }, { needReply: false, fds: [] }),
  send('POSTCOPY_END'),
];

/** How DPDK's virtio-user, a front-end without a VM, begins, starts and stops a net device of one queue pair. */
export const virtioUser = (rings = 2): Script =>
  script(
    ...['SET_OWNER', 'GET_FEATURES', 'GET_PROTOCOL_FEATURES', 'SET_PROTOCOL_FEATURES'].map(name => send(name)),
    perRing(rings, ring => send('SET_VRING_CALL', { index: ring })),
    send('SET_FEATURES'),
    when(has.status, [
      send('SET_STATUS', { status: ['ACKNOWLEDGE', 'DRIVER', 'FEATURES_OK'] }),
      send('GET_STATUS'),
      send('GET_STATUS'),
    ]),
    send('SET_MEM_TABLE'),
    perRing(rings, setsUp),
    perRing(rings, ring => send('SET_VRING_ENABLE', { index: ring })),
    when(has.status, send('SET_STATUS', { status: ['ACKNOWLEDGE', 'DRIVER', 'DRIVER_OK', 'FEATURES_OK'] })),
    perRing(rings, ring => send('SET_VRING_ENABLE', { index: ring, num: 0 })),
    perRing(rings, ring => send('GET_VRING_BASE', { index: ring })),
  );

/** How Cloud Hypervisor begins and starts a device: the owner first, the back-end channel last. */
export function cloudHypervisor(rings = 1): Script {
  return script(
    send('SET_OWNER'),
    send('GET_FEATURES'),
    when(has.protocolFeatures, [
      send('GET_PROTOCOL_FEATURES'),
      send('SET_PROTOCOL_FEATURES'),
      when(has.queues, send('GET_QUEUE_NUM')),
    ]),
    send('SET_FEATURES'),
    send('SET_MEM_TABLE'),
    perRing(rings, ring => send('SET_VRING_NUM', { index: ring })),
    perRing(rings, ring =>
      script(
        ['SET_VRING_ADDR', 'SET_VRING_BASE', 'SET_VRING_CALL', 'SET_VRING_KICK'].map(name =>
          send(name, { index: ring }),
        ),
      ),
    ),
    perRing(rings, ring => send('SET_VRING_ENABLE', { index: ring })),
    when(has.backEndRequests, send('SET_BACKEND_REQ_FD')),
  );
}

/** Reads the configuration space of a block device. */
export const readsConfig = when(has.config, send('GET_CONFIG', { offset: 0, size: 60 }));

/** Writes to a block device from a sector of 512 bytes on; the answer is the status byte. */
export function writesBlocks(sector: number, data: Uint8Array, ring = 0): Script {
  return [transfer(ring, [blockHeader(blockRequest.write, sector), data], [1])];
}

/** Reads from a block device; the answer is the bytes and the status byte. */
export function readsBlocks(sector: number, bytes: number, ring = 0): Script {
  return [transfer(ring, [blockHeader(blockRequest.read, sector)], [bytes, 1])];
}
