/** SPI controller, virtio specification 1.4. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 32 bytes. */
const config = struct('spi configuration', 'config.spi', {
  cs_max_number: { kind: 'u8', doc: 'chip selects' },
  cs_change_supported: { kind: 'u8', doc: 'chip select may toggle between transfers' },
  tx_nbits_supported: { kind: 'flags', size: 1, bits: { DUAL: 0, QUAD: 1, OCTAL: 2 }, doc: 'lines to send on' },
  rx_nbits_supported: { kind: 'flags', size: 1, bits: { DUAL: 0, QUAD: 1, OCTAL: 2 }, doc: 'lines to receive on' },
  bits_per_word_mask: { kind: 'u32', show: 'hex', doc: 'word sizes' },
  mode_func_supported: { kind: 'u32', show: 'hex', doc: 'modes' },
  max_freq_hz: { kind: 'u32', doc: 'Hz, 0 without limit' },
  max_word_delay_ns: { kind: 'u32', doc: 'ns' },
  max_cs_setup_ns: { kind: 'u32', doc: 'ns' },
  max_cs_hold_ns: { kind: 'u32', doc: 'ns' },
  max_cs_inactive_ns: { kind: 'u32', doc: 'ns' },
});

/** virtio-spi */
export const spi: DeviceSpec = {
  id: 45,
  name: 'spi',
  title: 'SPI controller',
  features: {},
  config,
  vrings: { fixed: ['request'] },
};
