/** Input device, virtio specification 5.8. Each selection of the driver becomes a SET_CONFIG and a GET_CONFIG. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 136 bytes. */
const config = struct('input configuration', 'config.input', {
  select: {
    kind: 'enum',
    size: 1,
    values: { UNSET: 0, ID_NAME: 1, ID_SERIAL: 2, ID_DEVIDS: 3, PROP_BITS: 0x10, EV_BITS: 0x11, ABS_INFO: 0x12 },
    doc: 'written by the driver: what is asked',
  },
  subsel: { kind: 'u8', doc: 'written by the driver: event type or axis' },
  size: { kind: 'u8', doc: 'bytes of the answer' },
  reserved: { kind: 'pad', size: 5 },
  data: { kind: 'bytes', length: 128, doc: 'the answer: a text, a bitmap, identity or axis' },
});

/** virtio-input */
export const input: DeviceSpec = {
  id: 18,
  name: 'input',
  title: 'input',
  features: {},
  config,
  vrings: { fixed: ['event', 'status'] },
};
