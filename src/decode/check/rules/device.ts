/** Configuration space, status and what else belongs to one device. Spec: the description of each message. */
import { deviceById } from '../../spec/devices/index.ts';
import type { Rule } from '../rule.ts';

const mostConfig = 256;
const rustConfig = 4096;
/** Offset and size in bytes of the only fields a driver may write, by device. */
const writable: { readonly [device: string]: readonly (readonly [offset: number, size: number])[] } = {
  blk: [[32, 1]],
  scsi: [[20, 8]],
  input: [[0, 2]],
  gpu: [[4, 4]],
  console: [[8, 4]],
};

/** What DRIVER_OK may not come without, virtio "Device Initialization". */
const driver = 2;
const driverOk = 4;
const featuresOk = 8;

/** Rules about one device. */
export const device: readonly Rule[] = [
  {
    id: 'CFG-01',
    name: 'config-range',
    severity: 'warning',
    condition: `offset and size of a configuration access reach beyond ${mostConfig} bytes (${rustConfig} for rust-vmm)`,
    spec: 'Virtio device config space',
    remedy: `stay below ${mostConfig} bytes, the limit of QEMU, libvhost-user and DPDK`,
    confidence: 'observed',
    on: ['GET_CONFIG', 'SET_CONFIG'],
    check: ({ message, frame }) => {
      const end = Number(message.payload.offset ?? 0) + Number(message.payload.size ?? 0);
      const most = frame.context.backEnd === 'rust-vmm' ? rustConfig : mostConfig;
      return !message.reply && end > most ? `reaches byte ${end} of the configuration space` : undefined;
    },
  },
  {
    id: 'CFG-02',
    name: 'config-empty',
    severity: 'warning',
    condition: 'a request for or with 0 bytes of the configuration space',
    spec: 'Virtio device config space',
    remedy: 'ask for at least one byte',
    confidence: 'inferred',
    on: ['GET_CONFIG', 'SET_CONFIG'],
    check: ({ message }) => (!message.reply && message.payload.size === 0 ? 'asks for 0 bytes' : undefined),
  },
  {
    id: 'CFG-03',
    name: 'config-flags',
    severity: 'warning',
    condition: 'the flags of a configuration message are neither 0 nor 1 (nor 2 with rust-vmm)',
    spec: 'Virtio device config space',
    remedy: 'send 0, or 1 for a write of live migration',
    confidence: 'spec',
    on: ['GET_CONFIG', 'SET_CONFIG'],
    check: ({ message, frame }) => {
      const flags = Number(message.payload.flags ?? 0);
      const rust = frame.context.frontEnd === 'rust-vmm' || frame.context.backEnd === 'rust-vmm';
      return !message.reply && flags > (rust ? 3 : 1) ? `flags are ${flags}` : undefined;
    },
  },
  {
    id: 'CFG-04',
    name: 'config-read-only',
    severity: 'warning',
    condition: 'SET_CONFIG with flags 0 writes outside the fields a driver may write (blk, scsi, input, gpu, console)',
    spec: 'VHOST_USER_SET_CONFIG',
    remedy: 'reject the write in the back-end; a guest should not get this far',
    confidence: 'inferred',
    on: ['SET_CONFIG'],
    check: ({ message, frame }) => {
      const fields = writable[deviceById(frame.context.device)?.name ?? ''];
      const { offset, size, flags } = message.payload;
      if (message.reply || !fields || flags !== 0 || offset === undefined || size === undefined) return undefined;
      const start = Number(offset);
      const end = start + Number(size);
      // QEMU's generic devices write the whole space back: legal as long as read-only bytes do not change.
      if (start === 0 && end > 8) return undefined;
      return fields.some(([from, length]) => start >= from && end <= from + length)
        ? undefined
        : `writes bytes ${start} to ${end - 1}, which are read-only`;
    },
  },
  {
    id: 'CFG-05',
    name: 'config-reply-echo',
    severity: 'warning',
    condition: 'the reply to GET_CONFIG names another offset or size than the request',
    spec: 'VHOST_USER_GET_CONFIG',
    remedy: 'repeat offset and size of the request',
    offenders: 'rust-vmm refuses with size 0 in a 12-byte payload',
    supersedes: [],
    confidence: 'inferred',
    on: ['GET_CONFIG'],
    check: ({ message, request }) => {
      if (!message.reply || !request || message.size === 0) return undefined;
      const asked = request.message.payload;
      const { offset, size } = message.payload;
      if (offset === undefined || size === undefined || size === 0) return undefined;
      return offset !== asked.offset || size !== asked.size
        ? { message: `answers offset ${String(offset)} size ${String(size)}`, records: [request.frame.n] }
        : undefined;
    },
  },
  {
    id: 'CFG-07',
    name: 'config-change-not-read',
    severity: 'note',
    condition:
      'at the end of a connection the back-end had told a change of its configuration, and nobody has asked for it',
    spec: 'VHOST_USER_BACKEND_CONFIG_CHANGE_MSG',
    remedy: 'read the configuration again when told of a change',
    confidence: 'inferred',
    atEnd: ({ session }) =>
      session.config.staleSince === undefined
        ? undefined
        : {
            message: 'the change of the configuration was not read',
            side: 'front-end',
            records: [session.config.staleSince],
          },
  },
  {
    id: 'CFG-08',
    name: 'config-refused',
    severity: 'warning',
    condition: 'the reply to GET_CONFIG has no data',
    spec: 'VHOST_USER_GET_CONFIG',
    remedy: 'let the back-end provide the configuration space: QEMU gives the device up',
    confidence: 'spec',
    on: ['GET_CONFIG'],
    check: ({ message, request }) =>
      message.reply && request && (message.size === 0 || message.payload.size === 0)
        ? { message: 'the back-end refuses to tell its configuration', records: [request.frame.n] }
        : undefined,
  },
  {
    id: 'STA-01',
    name: 'status-bits',
    severity: 'warning',
    condition: 'SET_STATUS with bits that virtio does not define',
    spec: 'VHOST_USER_SET_STATUS; virtio 1.4, Device Status Field',
    remedy: 'send the virtio device status alone',
    confidence: 'spec',
    on: ['SET_STATUS'],
    check: ({ message }) => {
      const status = Number(message.payload.status ?? 0);
      return !message.reply && (status & ~0xdf) !== 0 ? `status is 0x${status.toString(16)}` : undefined;
    },
  },
  {
    id: 'STA-02',
    name: 'status-order',
    severity: 'note',
    condition: 'SET_STATUS with DRIVER_OK but without DRIVER or FEATURES_OK',
    spec: 'virtio 1.4, Device Initialization',
    remedy: 'set the status bits in order',
    confidence: 'spec',
    on: ['SET_STATUS'],
    check: ({ message, after }) => {
      const status = Number(message.payload.status ?? 0);
      if (message.reply || (status & driverOk) === 0) return undefined;
      const modern = ((after.negotiation.virtio.accepted ?? 0n) >> 32n) & 1n;
      const needs = driver | (modern === 1n ? featuresOk : 0);
      return (status & needs) !== needs ? `DRIVER_OK with status 0x${status.toString(16)}` : undefined;
    },
  },
  {
    id: 'MTU-01',
    name: 'mtu-range',
    severity: 'warning',
    condition: 'NET_SET_MTU with less than 68 or more than 65535',
    spec: 'VHOST_USER_NET_SET_MTU',
    remedy: 'send an MTU that exists; DPDK refuses others',
    confidence: 'observed',
    on: ['NET_SET_MTU'],
    check: ({ message }) => {
      const mtu = Number(message.payload.mtu ?? 1500);
      return !message.reply && (mtu < 68 || mtu > 65535) ? `MTU ${mtu}` : undefined;
    },
  },
];
