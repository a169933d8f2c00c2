/** SCSI host device, virtio specification 5.6. QEMU keeps its configuration space local. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 36 bytes. */
const config = struct('scsi configuration', 'config.scsi', {
  num_queues: { kind: 'u32', doc: 'request rings' },
  seg_max: { kind: 'u32', doc: 'segments of a command at most' },
  max_sectors: { kind: 'u32', doc: 'sectors of a command at most' },
  cmd_per_lun: { kind: 'u32', doc: 'commands of a unit at most' },
  event_info_size: { kind: 'u32', doc: 'bytes' },
  sense_size: { kind: 'u32', doc: 'bytes, written by the driver' },
  cdb_size: { kind: 'u32', doc: 'bytes, written by the driver' },
  max_channel: { kind: 'u16', doc: 'channel' },
  max_target: { kind: 'u16', doc: 'target' },
  max_lun: { kind: 'u32', doc: 'logical unit' },
});

/** virtio-scsi */
export const scsi: DeviceSpec = {
  id: 8,
  name: 'scsi',
  title: 'SCSI host',
  features: {
    INOUT: { bit: 0, doc: 'requests with data in both directions' },
    HOTPLUG: { bit: 1, doc: 'hot plug' },
    CHANGE: { bit: 2, doc: 'parameter change events' },
    T10_PI: { bit: 3, doc: 'protection information' },
  },
  config,
  vrings: { fixed: ['control', 'event'], each: ['request'] },
};
