/** Video encoder and decoder: a draft that was never accepted; numbers as in rust-vmm's vhost-device-video. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 44 bytes. */
const config = struct('video configuration', 'config.video', {
  version: { kind: 'u32', doc: 'version of the draft' },
  max_caps_length: { kind: 'u32', doc: 'bytes' },
  max_resp_length: { kind: 'u32', doc: 'bytes' },
  device_name: { kind: 'text', length: 32, doc: 'name' },
});

const features = {
  RESOURCE_GUEST_PAGES: { bit: 0, doc: 'buffers of guest pages' },
  RESOURCE_NON_CONTIG: { bit: 1, doc: 'buffers that are not contiguous' },
  RESOURCE_VIRTIO_OBJECT: { bit: 2, doc: 'buffers of other devices' },
};
const vrings = { fixed: ['command', 'event'] };

/** virtio-video, encoder */
export const videoEncoder: DeviceSpec = {
  id: 30,
  name: 'video_encoder',
  title: 'video encoder',
  features,
  config,
  vrings,
};

/** virtio-video, decoder */
export const videoDecoder: DeviceSpec = {
  id: 31,
  name: 'video_decoder',
  title: 'video decoder',
  features,
  config,
  vrings,
};
