/** Sound device, virtio specification 5.14. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 16 bytes; 12 without CTLS. */
const config = struct('sound configuration', 'config.snd', {
  jacks: { kind: 'u32', doc: 'jacks' },
  streams: { kind: 'u32', doc: 'PCM streams' },
  chmaps: { kind: 'u32', doc: 'channel maps' },
  controls: { kind: 'u32', doc: 'control elements, with CTLS' },
});

/** virtio-sound */
export const snd: DeviceSpec = {
  id: 25,
  name: 'snd',
  title: 'sound',
  aliases: ['sound'],
  features: { CTLS: { bit: 0, doc: 'control elements' } },
  config,
  vrings: { fixed: ['control', 'event', 'tx', 'rx'] },
};
