/** Messages that need a negotiated feature; derived from what each message declares. */
import type { Cond } from '../../schema.ts';
import { protocolFeatures } from '../../spec/protocol-features.ts';
import { transportFeatures } from '../../spec/transport-features.ts';
import type { Rule, Step } from '../rule.ts';

/** The first requirement that the session has not met, by name. */
function unmet(cond: Cond, { before }: Step): string | undefined {
  const { virtio, protocol } = before.negotiation;
  if (cond[0] === 'protocol') {
    const has = ((protocol.accepted ?? 0n) >> BigInt(protocolFeatures[cond[1]].bit)) & 1n;
    return has === 1n ? undefined : cond[1];
  }
  if (cond[0] === 'feature') {
    const has = ((virtio.accepted ?? 0n) >> BigInt(transportFeatures[cond[1]].bit)) & 1n;
    return has === 1n ? undefined : cond[1];
  }
  if (cond[0] === 'all') return cond[1].map(part => unmet(part, { before } as Step)).find(name => name !== undefined);
  return undefined;
}

/** Rules about messages sent without the feature that brings them. */
export const gating: readonly Rule[] = [
  {
    id: 'GAT-01',
    name: 'feature-not-negotiated',
    severity: 'error',
    condition:
      'a request whose message needs a virtio or protocol feature that was not acknowledged on this connection; ' +
      'SET_VRING_ENABLE before SET_FEATURES is GAT-02',
    spec: 'the description of each message',
    remedy: 'acknowledge the feature first, or do not send the message',
    supersedes: ['GAT-03', 'GAT-07', 'CRY-01'],
    confidence: 'spec',
    on: 'requests',
    check: step => {
      const { message, before, fromStart } = step;
      if (!message.spec?.requires || !fromStart || message.channel === 'gpu') return undefined;
      if (message.name === 'SET_VRING_ENABLE' && before.negotiation.virtio.accepted === undefined) return undefined;
      const name = unmet(message.spec.requires, step);
      return name === undefined ? undefined : `${message.name} needs ${name}, which was not acknowledged`;
    },
  },
  {
    id: 'GAT-02',
    name: 'enable-before-features',
    severity: 'note',
    condition: 'SET_VRING_ENABLE before the first SET_FEATURES of the connection',
    spec: 'VHOST_USER_SET_VRING_ENABLE',
    remedy: 'acknowledge PROTOCOL_FEATURES first; back-ends are known to cope',
    offenders: 'QEMU net devices',
    confidence: 'observed',
    on: ['SET_VRING_ENABLE'],
    check: ({ message, before, fromStart }) =>
      !message.reply && fromStart && before.negotiation.virtio.accepted === undefined
        ? 'a ring is switched before features were acknowledged'
        : undefined,
  },
  {
    id: 'GAT-14',
    name: 'table-with-slots',
    severity: 'warning',
    condition: 'SET_MEM_TABLE although CONFIGURE_MEM_SLOTS was acknowledged',
    spec: 'VHOST_USER_ADD_MEM_REG',
    remedy: 'use ADD_MEM_REG and REM_MEM_REG',
    confidence: 'inferred',
    on: ['SET_MEM_TABLE'],
    check: ({ before, message }) => {
      const slots = 1n << BigInt(protocolFeatures.CONFIGURE_MEM_SLOTS.bit);
      return !message.reply && ((before.negotiation.protocol.accepted ?? 0n) & slots) !== 0n
        ? 'the whole table is sent although regions are added one by one'
        : undefined;
    },
  },
  {
    id: 'GAT-10',
    name: 'postcopy-with-slots',
    severity: 'error',
    condition: 'a postcopy message although CONFIGURE_MEM_SLOTS was acknowledged',
    spec: 'VHOST_USER_POSTCOPY_ADVISE',
    remedy: 'do not combine postcopy with configurable memory slots',
    confidence: 'spec',
    on: ['POSTCOPY_ADVISE', 'POSTCOPY_LISTEN', 'POSTCOPY_END'],
    check: ({ before, message }) => {
      const slots = 1n << BigInt(protocolFeatures.CONFIGURE_MEM_SLOTS.bit);
      return !message.reply && ((before.negotiation.protocol.accepted ?? 0n) & slots) !== 0n
        ? `${message.name} with CONFIGURE_MEM_SLOTS`
        : undefined;
    },
  },
];
