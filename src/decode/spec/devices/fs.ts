/** File system device, virtio specification 5.11. QEMU keeps its configuration space local. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 44 bytes; 40 without notify_buf_size. */
const config = struct('fs configuration', 'config.fs', {
  tag: { kind: 'text', length: 36, doc: 'name to mount it by, UTF-8, not necessarily terminated' },
  num_request_queues: { kind: 'u32', doc: 'request rings' },
  notify_buf_size: { kind: 'u32', doc: 'bytes of a notification buffer, with NOTIFICATION' },
});

/** virtio-fs */
export const fs: DeviceSpec = {
  id: 26,
  name: 'fs',
  title: 'file system',
  aliases: ['virtiofs'],
  features: { NOTIFICATION: { bit: 0, doc: 'a notification ring' } },
  config,
  vrings: { fixed: ['hiprio', { name: 'notification', with: 'NOTIFICATION' }], each: ['request'] },
};
