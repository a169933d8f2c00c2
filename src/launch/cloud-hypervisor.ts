import { lastField } from './fields.ts';
import { findByForms, type OptionForm } from './option-forms.ts';
import type { FrontEnd } from './site.ts';

const common = { many: true, style: { nests: true }, socketKey: 'socket' } as const;

/** `--net` and `--disk` are vhost-user only where they say so; `--vsock socket=` is something else and not listed. */
const forms: readonly OptionForm[] = [
  { ...common, flag: /^--(fs)$/, deviceWord: (_, word) => word },
  {
    ...common,
    flag: /^--(net|disk)$/,
    applies: fields => /^(on|true|yes)$/.test(lastField(fields, 'vhost_user')?.value ?? ''),
    frontEndListens: fields => lastField(fields, 'vhost_mode')?.value === 'server',
    deviceWord: (_, word) => word,
  },
  {
    ...common,
    flag: /^--generic-vhost-user$/,
    deviceWord: fields => (lastField(fields, 'virtio_id') ?? lastField(fields, 'device_type'))?.value,
  },
];

export const cloudHypervisor: FrontEnd = {
  name: 'cloud-hypervisor',
  options: '--fs, --net, --disk and --generic-vhost-user with socket=',
  find: line => findByForms(line, forms),
};
