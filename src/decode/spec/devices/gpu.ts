/** GPU device, virtio specification 5.7. What it shows crosses the socket of GPU_SET_SOCKET. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 20 bytes; 16 without blob_alignment. */
const config = struct('gpu configuration', 'config.gpu', {
  events_read: { kind: 'flags', size: 4, bits: { DISPLAY: 0 }, doc: 'pending events' },
  events_clear: { kind: 'flags', size: 4, bits: { DISPLAY: 0 }, doc: 'written only: clears events' },
  num_scanouts: { kind: 'u32', doc: 'scanouts, 16 at most' },
  num_capsets: { kind: 'u32', doc: 'capability sets' },
  blob_alignment: { kind: 'u32', doc: 'bytes, with BLOB_ALIGNMENT' },
});

/** virtio-gpu */
export const gpu: DeviceSpec = {
  id: 16,
  name: 'gpu',
  title: 'GPU',
  features: {
    VIRGL: { bit: 0, doc: '3D commands' },
    EDID: { bit: 1, doc: 'displays have an EDID' },
    RESOURCE_UUID: { bit: 2, doc: 'resources can be shared by UUID' },
    RESOURCE_BLOB: { bit: 3, doc: 'blob resources' },
    CONTEXT_INIT: { bit: 4, doc: 'contexts of several kinds' },
    BLOB_ALIGNMENT: { bit: 5, doc: 'blobs have an alignment' },
  },
  config,
  vrings: { fixed: ['control', 'cursor'] },
};
