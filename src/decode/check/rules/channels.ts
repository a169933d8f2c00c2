/** The back-end channel: IOTLB, shared memory, shared objects, doorbells. Spec section "Back-end communication". */

import { known } from '../../session/area.ts';
import { locate } from '../../session/memory.ts';
import type { Session } from '../../session/session.ts';
import { protocolFeatures } from '../../spec/protocol-features.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Found, Rule } from '../rule.ts';
import { isRequest as request } from '../step.ts';

const sendFd = 1n << BigInt(protocolFeatures.BACKEND_SEND_FD.bit);
const show = (value: bigint) => hex(normalU64(value));
const nil = '00000000-0000-0000-0000-000000000000';
const max = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

function shmemSize({ mappings }: Session, shmid: number): bigint | undefined {
  const size = mappings.shmemSizes?.[shmid];
  return size === undefined ? undefined : BigInt(size);
}

/** Rules about what travels on the back-end channel, and its counterparts on the main one. */
export const channels: readonly Rule[] = [
  {
    id: 'FD-10',
    name: 'descriptor-not-negotiated',
    severity: 'error',
    condition: 'a request on the back-end channel carries a descriptor although BACKEND_SEND_FD was not acknowledged',
    spec: 'Back-end communication',
    remedy: 'acknowledge BACKEND_SEND_FD first',
    confidence: 'spec',
    on: 'requests',
    only: ({ channel }) => channel === 'backend-req',
    check: ({ message, frame, before }) =>
      frame.fds.length > 0 &&
      before.negotiation.protocol.accepted !== undefined &&
      (before.negotiation.protocol.accepted & sendFd) === 0n
        ? `${message.name} carries a descriptor without BACKEND_SEND_FD`
        : undefined,
  },
  {
    id: 'IOT-01',
    name: 'iotlb-type',
    severity: 'error',
    condition: 'IOTLB_MSG of another type than UPDATE or INVALIDATE, BACKEND_IOTLB_MSG than MISS or ACCESS_FAIL',
    spec: 'IOTLB message',
    remedy: 'the front-end updates and invalidates, the back-end misses',
    confidence: 'spec',
    on: ['IOTLB_MSG', 'BACKEND_IOTLB_MSG'],
    check: step => {
      const type = step.message.payload.type;
      if (!request(step) || type === undefined) return undefined;
      const legal = step.message.name === 'IOTLB_MSG' ? [2, 3] : [1, 4];
      return legal.includes(Number(type)) ? undefined : `type ${String(type)}`;
    },
  },
  {
    id: 'IOT-02',
    name: 'iotlb-permissions',
    severity: 'warning',
    condition: 'an IOTLB update with permissions other than 1 to 3',
    spec: 'IOTLB message',
    remedy: 'give an entry some access, or invalidate it',
    confidence: 'inferred',
    on: ['IOTLB_MSG'],
    check: step => {
      const { type, permissions } = step.message.payload;
      const odd = Number(permissions ?? 1) < 1 || Number(permissions ?? 1) > 3;
      return request(step) && type === 2 && odd ? `permissions ${String(permissions)}` : undefined;
    },
  },
  {
    id: 'IOT-03',
    name: 'iotlb-outside-memory',
    severity: 'warning',
    condition: 'an IOTLB update is empty or maps to a front-end address outside all memory regions',
    spec: 'IOMMU support',
    remedy: 'map to memory that was shared',
    confidence: 'inferred',
    on: ['IOTLB_MSG'],
    check: step => {
      if (!request(step) || step.message.payload.type !== 2) return undefined;
      const { iova, size } = step.message.payload;
      if (size === 0) return 'an entry of 0 bytes';
      const entry = known(iova) ? step.after.mappings.iotlb.at(BigInt(iova)) : undefined;
      if (!entry) return undefined;
      const { regions } = step.before.memory;
      const inside = regions.some(
        one => one.userAddress <= entry.userAddress && entry.userAddress < one.userAddress + one.size,
      );
      return regions.length > 0 && !inside ? `maps to ${show(entry.userAddress)}, in no memory region` : undefined;
    },
  },
  {
    id: 'IOT-04',
    name: 'iotlb-miss-unanswered',
    severity: 'note',
    condition: 'at the end of a connection an IOTLB miss was never followed by an update that covers it',
    spec: 'IOMMU support',
    remedy: 'find out why the front-end has no translation: the device waits for it',
    confidence: 'inferred',
    atEnd: ({ session }) => {
      const { misses } = session.mappings;
      const [first] = misses;
      return first === undefined
        ? undefined
        : {
            message: `${misses.length} misses had no answer, the first for ${show(first.iova)}`,
            side: 'front-end',
            records: misses.slice(0, 8).map(miss => miss.n),
          };
    },
  },
  {
    id: 'IOT-05',
    name: 'iotlb-entry-without-memory',
    severity: 'note',
    condition: 'REM_MEM_REG takes memory away to which an entry of the device IOTLB still maps',
    spec: 'IOMMU support',
    remedy: 'invalidate the entries first',
    confidence: 'inferred',
    on: ['REM_MEM_REG'],
    check: step => {
      const { before, after } = step;
      if (!request(step) || before.memory.regions.length === after.memory.regions.length) return undefined;
      const inside = ({ memory }: Session, address: bigint) => locate(memory, address, 1n) !== undefined;
      const left = [...before.mappings.iotlb].filter(
        ({ userAddress }) => inside(before, userAddress) && !inside(after, userAddress),
      );
      const [first] = left;
      return first
        ? { message: `${left.length} entries map to it, the first at ${show(first.iova)}`, records: [first.n] }
        : undefined;
    },
  },
  {
    id: 'HNO-01',
    name: 'notifier-geometry',
    severity: 'error',
    condition: 'a doorbell area is not one page of 4 KiB or more at a page aligned offset',
    spec: 'VHOST_USER_BACKEND_VRING_HOST_NOTIFIER_MSG',
    remedy: 'give exactly one host page; QEMU refuses anything else',
    confidence: 'observed',
    on: ['BACKEND_VRING_HOST_NOTIFIER_MSG'],
    check: step => {
      const { size, offset, nofd } = step.message.payload;
      if (!request(step) || nofd === true || size === undefined || offset === undefined) return undefined;
      const odd = Number(size) < 4096 || Number(size) % 4096 !== 0 || BigInt(offset as number) % 4096n !== 0n;
      return odd ? `${String(size)} bytes at offset ${String(offset)}` : undefined;
    },
  },
  {
    id: 'SHM-01',
    name: 'shmem-sizes',
    severity: 'error',
    condition: 'a shared memory region is not a multiple of 4 KiB, or their number is not that of the sizes above 0',
    spec: 'VIRTIO Shared Memory Region configuration',
    remedy: 'count the regions that are not empty, and size them in pages',
    confidence: 'spec',
    on: ['GET_SHMEM_CONFIG'],
    check: ({ message, after }) => {
      const sizes = after.mappings.shmemSizes;
      if (!message.reply || !sizes) return undefined;
      const used = sizes.filter(size => size !== 0);
      const found: Found[] = [];
      if (used.length !== Number(message.payload.nregions ?? 0)) {
        found.push(`says ${String(message.payload.nregions)} regions, ${used.length} have a size`);
      }
      const odd = used.find(size => BigInt(size) % 4096n !== 0n);
      if (odd !== undefined) found.push(`a region of ${hex(odd)} bytes`);
      return found;
    },
  },
  {
    id: 'SHM-02',
    name: 'shmem-sizes-changed',
    severity: 'error',
    condition: 'GET_SHMEM_CONFIG is answered with other sizes than before on this connection',
    spec: 'VHOST_USER_GET_SHMEM_CONFIG',
    remedy: 'give the same answer for the whole connection',
    confidence: 'spec',
    on: ['GET_SHMEM_CONFIG'],
    check: ({ message, before, after }) => {
      const was = before.mappings.shmemSizes;
      const is = after.mappings.shmemSizes;
      if (!message.reply || !was || !is) return undefined;
      const at = is.findIndex((size, id) => size !== (was[id] ?? 0));
      return at < 0 ? undefined : `region ${at} has ${hex(is[at] ?? 0)} bytes, it had ${hex(was[at] ?? 0)}`;
    },
  },
  {
    id: 'SHM-03',
    name: 'shmem-map-range',
    severity: 'error',
    condition: 'a mapping is empty, or does not lie inside its shared memory region',
    spec: 'VHOST_USER_BACKEND_SHMEM_MAP',
    remedy: 'map inside the region the front-end was told',
    confidence: 'spec',
    on: ['BACKEND_SHMEM_MAP'],
    check: step => {
      const mapping = step.after.mappings.shmem.find(one => one.n === step.frame.n);
      if (!request(step) || !mapping) return undefined;
      if (mapping.length === 0n) return 'a mapping of 0 bytes';
      const size = shmemSize(step.before, mapping.shmid);
      return size !== undefined && mapping.shmOffset + mapping.length > size
        ? `reaches ${show(mapping.shmOffset + mapping.length)}, region ${mapping.shmid} has ${show(size)}`
        : undefined;
    },
  },
  {
    id: 'SHM-04',
    name: 'shmem-map-overlap',
    severity: 'error',
    condition: 'a mapping overlaps one that is in force',
    spec: 'VHOST_USER_BACKEND_SHMEM_MAP',
    remedy: 'unmap the old one first; the front-end must refuse this',
    confidence: 'spec',
    on: ['BACKEND_SHMEM_MAP'],
    check: step => {
      const mapping = step.after.mappings.shmem.find(one => one.n === step.frame.n);
      if (!request(step) || !mapping) return undefined;
      const clash = step.before.mappings.shmem.find(
        one =>
          one.shmid === mapping.shmid &&
          one.shmOffset < mapping.shmOffset + mapping.length &&
          mapping.shmOffset < one.shmOffset + one.length,
      );
      return clash ? { message: `overlaps the mapping at ${show(clash.shmOffset)}`, records: [clash.n] } : undefined;
    },
  },
  {
    id: 'SHM-05',
    name: 'shmem-unmap-range',
    severity: 'error',
    condition: 'an unmapping is not exactly one mapping that is in force',
    spec: 'VHOST_USER_BACKEND_SHMEM_UNMAP',
    remedy: 'unmap whole mappings, one at a time',
    confidence: 'spec',
    on: ['BACKEND_SHMEM_UNMAP'],
    check: step =>
      request(step) && step.before.mappings.shmem.length === step.after.mappings.shmem.length
        ? 'no such mapping is in force'
        : undefined,
  },
  {
    id: 'SHO-01',
    name: 'object-uuid',
    severity: 'warning',
    condition: 'the UUID of a shared object is all zeros or all ones',
    spec: 'VHOST_USER_BACKEND_SHARED_OBJECT_ADD',
    remedy: 'use a real UUID; rust-vmm refuses these',
    confidence: 'observed',
    on: ['BACKEND_SHARED_OBJECT_ADD', 'BACKEND_SHARED_OBJECT_REMOVE', 'BACKEND_SHARED_OBJECT_LOOKUP'],
    check: step => {
      const { uuid } = step.message.payload;
      return request(step) && (uuid === nil || uuid === max) ? `UUID ${uuid}` : undefined;
    },
  },
  {
    id: 'SHO-02',
    name: 'object-not-added',
    severity: 'note',
    condition: 'the back-end removes a shared object that it has not added on this connection',
    spec: 'VHOST_USER_BACKEND_SHARED_OBJECT_REMOVE',
    remedy: 'remove only what this back-end added; the front-end ignores the rest',
    confidence: 'spec',
    on: ['BACKEND_SHARED_OBJECT_REMOVE'],
    check: step => {
      const { uuid } = step.message.payload;
      return request(step) && step.fromStart && typeof uuid === 'string' && !step.before.mappings.objects.has(uuid)
        ? `${uuid} was not added`
        : undefined;
    },
  },
];
