/** Memory device, virtio specification 5.15. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 56 bytes. */
const config = struct('mem configuration', 'config.mem', {
  block_size: { kind: 'u64', doc: 'bytes of a block' },
  node_id: { kind: 'u16', doc: 'NUMA node, with ACPI_PXM' },
  padding: { kind: 'pad', size: 6 },
  addr: { kind: 'u64', show: 'hex', doc: 'guest address of the region' },
  region_size: { kind: 'u64', doc: 'bytes' },
  usable_region_size: { kind: 'u64', doc: 'bytes' },
  plugged_size: { kind: 'u64', doc: 'bytes' },
  requested_size: { kind: 'u64', doc: 'bytes' },
});

/** virtio-mem */
export const mem: DeviceSpec = {
  id: 24,
  name: 'mem',
  title: 'memory',
  features: {
    ACPI_PXM: { bit: 0, doc: 'the device tells its NUMA node' },
    UNPLUGGED_INACCESSIBLE: { bit: 1, doc: 'unplugged memory must not be read' },
    PERSISTENT_SUSPEND: { bit: 2, doc: 'memory stays plugged over suspend' },
  },
  config,
  vrings: { fixed: ['request'] },
};
