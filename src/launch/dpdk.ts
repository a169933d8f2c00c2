import { lastField } from './fields.ts';
import { findByForms, type OptionForm } from './option-forms.ts';
import type { FrontEnd } from './site.ts';

/** virtio-user is a front-end; the paths below /dev are kernel vhost and vDPA. net_vhost is a back-end: left alone. */
const vdev: OptionForm = {
  flag: /^--vdev$/,
  style: { nests: true },
  socketKey: 'path',
  applies: fields =>
    /^((net|crypto)_)?virtio_user/.test(fields[0]?.key ?? '') && !lastField(fields, 'path')?.value.startsWith('/dev/'),
  frontEndListens: fields => lastField(fields, 'server')?.value === '1',
  deviceWord: fields => (fields[0]?.key.startsWith('crypto') ? 'crypto' : 'net'),
};

/** Programs on DPDK with a virtio-user port. */
export const dpdk: FrontEnd = {
  name: 'DPDK',
  options: '--vdev net_virtio_user…,path=',
  find: line =>
    findByForms(line, [vdev]).map(site => ({ ...site, name: /virtio_user\d*/.exec(site.option)?.[0] ?? site.name })),
};
