/** Messages that need a negotiated feature; derived from what each message declares. */
import type { Cond } from '../../schema.ts';
import type { Rule, Step } from '../rule.ts';
import { hasFeature, hasProtocol, isRequest } from '../step.ts';

/** The first requirement that the session has not met, by name. */
function unmet(cond: Cond, step: Step): string | undefined {
  if (cond[0] === 'protocol') return hasProtocol(step, cond[1]) ? undefined : cond[1];
  if (cond[0] === 'feature') return hasFeature(step, cond[1]) ? undefined : cond[1];
  if (cond[0] === 'all') return cond[1].map(part => unmet(part, step)).find(name => name !== undefined);
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
    only: ({ spec, channel }) => spec?.requires !== undefined && channel !== 'gpu',
    check: step => {
      const { message, before, fromStart } = step;
      if (!message.spec?.requires || !fromStart) return undefined;
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
    check: step =>
      isRequest(step) && hasProtocol(step, 'CONFIGURE_MEM_SLOTS')
        ? 'the whole table is sent although regions are added one by one'
        : undefined,
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
    check: step =>
      isRequest(step) && hasProtocol(step, 'CONFIGURE_MEM_SLOTS')
        ? `${step.message.name} with CONFIGURE_MEM_SLOTS`
        : undefined,
  },
];
