/** Traditional memory balloon, virtio specification 5.5. */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 16 bytes. */
const config = struct('balloon configuration', 'config.balloon', {
  num_pages: { kind: 'u32', doc: 'pages the device wants, 4 KiB each' },
  actual: { kind: 'u32', doc: 'pages the driver has given' },
  free_page_hint_cmd_id: { kind: 'u32', doc: 'command, with FREE_PAGE_HINT' },
  poison_val: { kind: 'u32', show: 'hex', doc: 'pattern, with PAGE_POISON' },
});

/** virtio-balloon */
export const balloon: DeviceSpec = {
  id: 5,
  name: 'balloon',
  title: 'memory balloon',
  features: {
    MUST_TELL_HOST: { bit: 0, doc: 'pages are used only after the device was told' },
    STATS_VQ: { bit: 1, doc: 'a ring for statistics' },
    DEFLATE_ON_OOM: { bit: 2, doc: 'the guest may deflate when memory is short' },
    FREE_PAGE_HINT: { bit: 3, doc: 'free pages are hinted' },
    PAGE_POISON: { bit: 4, doc: 'freed pages hold a pattern' },
    REPORTING: { bit: 5, doc: 'free pages are reported' },
  },
  config,
  vrings: {
    fixed: [
      'inflate',
      'deflate',
      { name: 'stats', with: 'STATS_VQ' },
      { name: 'free page hint', with: 'FREE_PAGE_HINT' },
      { name: 'reporting', with: 'REPORTING' },
    ],
  },
};
