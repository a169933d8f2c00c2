/** Persistent memory device, virtio specification 5.19. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 16 bytes. */
const config = struct('pmem configuration', 'config.pmem', {
  start: { kind: 'u64', show: 'hex', doc: 'guest address' },
  size: { kind: 'u64', doc: 'bytes' },
});

/** virtio-pmem */
export const pmem: DeviceSpec = {
  id: 27,
  name: 'pmem',
  title: 'persistent memory',
  features: { SHMEM_REGION: { bit: 0, doc: 'the memory is shared memory region 0' } },
  config,
  vrings: { fixed: ['flush'] },
};
