/** The dirty log. Spec section "Migration". */
import type { Session } from '../../session/session.ts';
import { hex, normalU64 } from '../../u64.ts';
import { protocolBit, transportBit } from '../masks.ts';
import type { Found, Rule } from '../rule.ts';
import { hasProtocol, isRequest } from '../step.ts';

const bytesPerLogByte = 4096n * 8n;

/** Bytes a log needs to cover all of guest memory, one bit for each 4 KiB. */
function logNeeded({ memory }: Session): bigint {
  const top = memory.regions.reduce((most, one) => {
    const end = one.guestAddress + one.size;
    return end > most ? end : most;
  }, 0n);
  return (top + bytesPerLogByte - 1n) / bytesPerLogByte;
}

/** Rules about the dirty log. */
export const log: readonly Rule[] = [
  {
    id: 'LOG-01',
    name: 'log-too-small',
    severity: 'error',
    condition: 'the dirty log does not cover the guest memory in force, one bit for each 4 KiB',
    spec: 'Migration',
    remedy: 'allocate a log up to the highest guest address',
    confidence: 'spec',
    on: ['SET_LOG_BASE'],
    check: step => {
      const log = step.after.migration.log;
      if (!isRequest(step) || !log || step.message.size !== 16) return undefined;
      const needed = logNeeded(step.after);
      return log.size < needed ? `${log.size} bytes, guest memory needs ${needed}` : undefined;
    },
  },
  {
    id: 'LOG-02',
    name: 'log-geometry',
    severity: 'warning',
    condition: 'the offset of the dirty log is not a multiple of 4 KiB, or its size is 0',
    spec: 'Log description',
    remedy: 'give a page aligned offset: the back-end maps it',
    confidence: 'inferred',
    on: ['SET_LOG_BASE'],
    check: step => {
      const log = step.after.migration.log;
      if (!isRequest(step) || !log || step.message.size !== 16) return undefined;
      return log.size === 0n || log.offset % 4096n !== 0n
        ? `size ${log.size}, offset ${hex(normalU64(log.offset))}`
        : undefined;
    },
  },
  {
    id: 'LOG-03',
    name: 'logging-without-log',
    severity: 'warning',
    condition: 'LOG_ALL is acknowledged on a connection that has no dirty log',
    spec: 'Migration',
    remedy: 'send SET_LOG_BASE before LOG_ALL',
    confidence: 'inferred',
    on: ['SET_FEATURES'],
    check: step =>
      isRequest(step) && step.fromStart && step.after.migration.logging && !step.after.migration.log
        ? 'LOG_ALL is acknowledged, but no log was given'
        : undefined,
  },
  {
    id: 'LOG-05',
    name: 'log-not-shared',
    severity: 'warning',
    condition: 'SET_LOG_BASE although LOG_SHMFD was not acknowledged',
    spec: 'VHOST_USER_SET_LOG_BASE',
    remedy: 'use a back-end with LOG_SHMFD: another process cannot write to an address of the front-end',
    confidence: 'spec',
    on: ['SET_LOG_BASE'],
    check: step =>
      isRequest(step) && step.fromStart && !hasProtocol(step, 'LOG_SHMFD') ? 'a log without LOG_SHMFD' : undefined,
  },
  {
    id: 'LOG-06',
    name: 'migration-impossible',
    severity: 'note',
    condition: 'the back-end offers LOG_ALL without LOG_SHMFD',
    spec: 'Migration',
    remedy: 'offer LOG_SHMFD: QEMU refuses to migrate the device otherwise',
    confidence: 'observed',
    on: ['GET_PROTOCOL_FEATURES'],
    check: ({ message, after }) => {
      const { virtio, protocol } = after.negotiation;
      if (!message.reply || virtio.offered === undefined || protocol.offered === undefined) return undefined;
      return (virtio.offered & transportBit('LOG_ALL')) !== 0n && (protocol.offered & protocolBit('LOG_SHMFD')) === 0n
        ? 'LOG_ALL is offered without LOG_SHMFD'
        : undefined;
    },
  },
  {
    id: 'LOG-04',
    name: 'ring-still-logged',
    severity: 'note',
    condition: 'at the end of a connection LOG_ALL is cleared, yet a ring still has the flag to log its used ring',
    spec: 'Migration',
    remedy: 'send SET_VRING_ADDR without the flag when logging ends',
    confidence: 'inferred',
    atEnd: ({ session }) =>
      session.migration.logging || !session.migration.log
        ? undefined
        : [...session.vrings.byIndex.values()].flatMap((ring): Found[] =>
            ring.address?.logged
              ? [{ message: `ring ${ring.index} is still to be logged`, side: 'front-end', records: [ring.address.n] }]
              : [],
          ),
  },
  {
    id: 'LOG-07',
    name: 'log-outgrown',
    severity: 'warning',
    condition: 'memory is added beyond the dirty log while LOG_ALL is acknowledged',
    spec: 'Migration',
    remedy: 'send a larger log with SET_LOG_BASE before the memory',
    confidence: 'inferred',
    on: ['SET_MEM_TABLE', 'ADD_MEM_REG'],
    check: step => {
      const { log: inForce, logging } = step.before.migration;
      if (!isRequest(step) || !logging || !inForce || inForce.size === 0n) return undefined;
      const needed = logNeeded(step.after);
      return inForce.size < needed
        ? { message: `guest memory needs a log of ${needed} bytes, it has ${inForce.size}`, records: [inForce.n] }
        : undefined;
    },
  },
  {
    id: 'GAT-22',
    name: 'log-not-offered',
    severity: 'warning',
    condition: 'SET_LOG_BASE although the back-end did not offer LOG_ALL',
    spec: 'Migration',
    remedy: 'do not migrate a device whose back-end cannot log',
    confidence: 'spec',
    on: ['SET_LOG_BASE'],
    check: step => {
      const { offered } = step.before.negotiation.virtio;
      return isRequest(step) && offered !== undefined && (offered & transportBit('LOG_ALL')) === 0n
        ? 'a log for a back-end that did not offer LOG_ALL'
        : undefined;
    },
  },
];
