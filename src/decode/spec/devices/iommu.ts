/** IOMMU device, virtio specification 5.13. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 40 bytes. */
const config = struct('iommu configuration', 'config.iommu', {
  page_size_mask: { kind: 'u64', show: 'hex', doc: 'page sizes' },
  input_range_start: { kind: 'u64', show: 'hex', doc: 'first address, with INPUT_RANGE' },
  input_range_end: { kind: 'u64', show: 'hex', doc: 'last address, with INPUT_RANGE' },
  domain_range_start: { kind: 'u32', doc: 'first domain, with DOMAIN_RANGE' },
  domain_range_end: { kind: 'u32', doc: 'last domain, with DOMAIN_RANGE' },
  probe_size: { kind: 'u32', doc: 'bytes, with PROBE' },
  bypass: { kind: 'u8', doc: 'switch, with BYPASS_CONFIG' },
  reserved: { kind: 'pad', size: 3 },
});

/** virtio-iommu */
export const iommu: DeviceSpec = {
  id: 23,
  name: 'iommu',
  title: 'IOMMU',
  features: {
    INPUT_RANGE: { bit: 0, doc: 'a range of addresses' },
    DOMAIN_RANGE: { bit: 1, doc: 'a range of domains' },
    MAP_UNMAP: { bit: 2, doc: 'map and unmap requests' },
    BYPASS: { bit: 3, doc: 'devices without domain bypass it' },
    PROBE: { bit: 4, doc: 'probe requests' },
    MMIO: { bit: 5, doc: 'mappings of device memory' },
    BYPASS_CONFIG: { bit: 6, doc: 'bypassing can be switched' },
  },
  config,
  vrings: { fixed: ['request', 'event'] },
};
