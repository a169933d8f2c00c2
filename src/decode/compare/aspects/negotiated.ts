/** What was offered and accepted, and the limits that were told. */
import type { ConnectionAccount } from '../../account/account.ts';
import { configFields, configStruct } from '../../device-config.ts';
import { featureTable, type Standing } from '../../report/negotiation-table.ts';
import { deviceById } from '../../spec/devices/index.ts';
import { hex } from '../../u64.ts';
import { type Aspect, type Facts, factsOf } from '../aspect.ts';

const words: { readonly [standing in Standing]: string } = {
  accepted: 'accepted',
  declined: 'offered, not accepted',
  unoffered: 'accepted without an offer',
  missing: 'not offered',
};

function features(of: 'virtio' | 'protocol'): (connection: ConnectionAccount) => Facts {
  return ({ story, device }) => {
    const rows = featureTable(of, story.state.negotiation[of], device);
    // What is missing on both sides says nothing; on one side it is told by its absence.
    return factsOf(rows.filter(row => row.standing !== 'missing').map(row => [row.name, words[row.standing]]));
  };
}

function configuration({ story, device }: ConnectionAccount): Facts {
  const { bytes } = story.state.config;
  const struct = configStruct(device);
  if (bytes.length === 0) return new Map();
  if (!struct) return factsOf([['bytes', Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')]]);
  return factsOf([
    ['size', bytes.length],
    ...Object.entries(configFields(struct, 0, bytes)).map(
      ([name, value]) =>
        [name, typeof value === 'object' ? [...(value as Uint8Array)].join(' ') : String(value)] as const,
    ),
  ]);
}

/** Aspects of the negotiation. */
export const negotiated: readonly Aspect[] = [
  {
    id: 'device',
    title: 'device',
    counts: true,
    facts: ({ device }) => factsOf([['type', device === undefined ? undefined : (deviceById(device)?.name ?? device)]]),
  },
  { id: 'virtio_features', title: 'virtio features', counts: true, facts: features('virtio') },
  { id: 'protocol_features', title: 'protocol features', counts: true, facts: features('protocol') },
  {
    id: 'limits',
    title: 'limits and status',
    counts: true,
    facts: ({ story }) => {
      const { queueNum, memorySlots, mtu, status } = story.state.negotiation;
      return factsOf([
        ['queues', queueNum],
        ['memory slots', memorySlots],
        ['MTU', mtu],
        ['device status', status === undefined ? undefined : hex(status)],
      ]);
    },
  },
  { id: 'config', title: 'configuration space', counts: true, facts: configuration },
];
