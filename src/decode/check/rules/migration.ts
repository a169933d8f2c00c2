/** Dirty log, inflight region, device state, postcopy. Spec section "Migration". */
import type { Session } from '../../session/session.ts';
import { protocolFeatures } from '../../spec/protocol-features.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Rule, Step } from '../rule.ts';

const logShmfd = 1n << BigInt(protocolFeatures.LOG_SHMFD.bit);
const logAll = 1n << 26n;
const bytesPerLogByte = 4096n * 8n;

const request = ({ message }: Step) => !message.reply;

/** Bytes a log needs to cover all of guest memory, one bit for each 4 KiB. */
function logNeeded({ memory }: Session): bigint {
  const top = memory.regions.reduce((most, one) => {
    const end = one.guestAddress + one.size;
    return end > most ? end : most;
  }, 0n);
  return (top + bytesPerLogByte - 1n) / bytesPerLogByte;
}

const startedRings = ({ vrings }: Session) => [...vrings.byIndex.values()].filter(ring => ring.running === 'started');

/** Rules about migration. */
export const migration: readonly Rule[] = [
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
      if (!request(step) || !log || step.message.size !== 16) return undefined;
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
      if (!request(step) || !log || step.message.size !== 16) return undefined;
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
      request(step) && step.fromStart && step.after.migration.logging && !step.after.migration.log
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
      request(step) && step.fromStart && ((step.before.negotiation.protocol.accepted ?? 0n) & logShmfd) === 0n
        ? 'a log without LOG_SHMFD'
        : undefined,
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
      return (virtio.offered & logAll) !== 0n && (protocol.offered & logShmfd) === 0n
        ? 'LOG_ALL is offered without LOG_SHMFD'
        : undefined;
    },
  },
  {
    id: 'INF-01',
    name: 'inflight-request',
    severity: 'warning',
    condition: 'GET_INFLIGHT_FD asks for 0 rings or rings of 0 descriptors',
    spec: 'VHOST_USER_GET_INFLIGHT_FD',
    remedy: 'tell the geometry of the rings',
    confidence: 'inferred',
    on: ['GET_INFLIGHT_FD'],
    check: step => {
      const { num_queues, queue_size } = step.message.payload;
      return request(step) && (num_queues === 0 || queue_size === 0)
        ? `${String(num_queues)} rings of ${String(queue_size)} descriptors`
        : undefined;
    },
  },
  {
    id: 'INF-03',
    name: 'inflight-changed',
    severity: 'warning',
    condition:
      'SET_INFLIGHT_FD differs in size, offset or geometry from what GET_INFLIGHT_FD was answered on this connection',
    spec: 'VHOST_USER_SET_INFLIGHT_FD',
    remedy: 'hand back what was received',
    confidence: 'spec',
    on: ['SET_INFLIGHT_FD'],
    check: step => {
      const was = step.before.migration.inflight;
      const is = step.after.migration.inflight;
      if (!request(step) || !was || !is) return undefined;
      const same =
        was.size === is.size && was.offset === is.offset && was.queues === is.queues && was.queueSize === is.queueSize;
      return same ? undefined : { message: 'the inflight region is not the one that was received', records: [was.n] };
    },
  },
  {
    id: 'INF-04',
    name: 'inflight-while-started',
    severity: 'warning',
    condition: 'SET_INFLIGHT_FD while a ring is started',
    spec: 'Inflight I/O tracking',
    remedy: 'send it before the rings are started',
    confidence: 'spec',
    on: ['SET_INFLIGHT_FD'],
    check: step => (request(step) && startedRings(step.before).length > 0 ? 'rings are started already' : undefined),
  },
  {
    id: 'DST-01',
    name: 'state-while-running',
    severity: 'error',
    condition: 'SET_DEVICE_STATE_FD while a ring is started',
    spec: 'Migrating back-end state',
    remedy: 'stop all rings first',
    confidence: 'spec',
    on: ['SET_DEVICE_STATE_FD'],
    check: step => {
      const started = request(step) ? startedRings(step.before) : [];
      return started.length > 0 ? `rings ${started.map(ring => ring.index).join(', ')} are started` : undefined;
    },
  },
  {
    id: 'DST-03',
    name: 'check-without-transfer',
    severity: 'error',
    condition: 'CHECK_DEVICE_STATE although no transfer was started on this connection',
    spec: 'VHOST_USER_CHECK_DEVICE_STATE',
    remedy: 'start a transfer with SET_DEVICE_STATE_FD first',
    confidence: 'spec',
    on: ['CHECK_DEVICE_STATE'],
    check: step =>
      request(step) && step.fromStart && step.before.migration.transfer.phase === 'none'
        ? 'there was no transfer'
        : undefined,
  },
  {
    id: 'DST-04',
    name: 'state-refused-with-descriptor',
    severity: 'error',
    condition: 'the reply to SET_DEVICE_STATE_FD has an error and a descriptor, or promises one and has none',
    spec: 'VHOST_USER_SET_DEVICE_STATE_FD',
    remedy: 'set bit 8 when no descriptor is returned, and return none with an error',
    confidence: 'spec',
    on: ['SET_DEVICE_STATE_FD'],
    check: ({ message, frame }) => {
      if (!message.reply) return undefined;
      const { error, nofd } = message.payload;
      const count = frame.fdCount ?? frame.fds.length;
      if (Number(error ?? 0) !== 0 && count > 0) return 'an error comes with a descriptor';
      return nofd === false && Number(error ?? 0) === 0 && count === 0 && !frame.ctrunc
        ? 'a descriptor is promised and none came'
        : undefined;
    },
  },
  {
    id: 'DST-06',
    name: 'state-refused',
    severity: 'warning',
    condition: 'SET_DEVICE_STATE_FD or CHECK_DEVICE_STATE is answered with an error',
    spec: 'Migrating back-end state',
    remedy: 'see the log of the back-end: the migration fails',
    supersedes: ['RPL-07'],
    confidence: 'spec',
    on: ['SET_DEVICE_STATE_FD', 'CHECK_DEVICE_STATE'],
    check: ({ message }) => {
      const result = message.payload.error ?? message.payload.result;
      return message.reply && result !== undefined && Number(result) !== 0
        ? `the back-end answers error ${String(result)}`
        : undefined;
    },
  },
  {
    id: 'PCY-01',
    name: 'postcopy-order',
    severity: 'error',
    condition: 'POSTCOPY_LISTEN without POSTCOPY_ADVISE, or POSTCOPY_END without either',
    spec: 'VHOST_USER_POSTCOPY_ADVISE',
    remedy: 'advise, listen, end',
    confidence: 'spec',
    on: ['POSTCOPY_LISTEN', 'POSTCOPY_END'],
    check: step => {
      const { postcopy } = step.before.migration;
      if (!request(step) || !step.fromStart) return undefined;
      const fine = step.message.name === 'POSTCOPY_LISTEN' ? postcopy === 'advised' : postcopy !== 'none';
      return fine ? undefined : `${step.message.name} in phase ${postcopy}`;
    },
  },
  {
    id: 'PCY-03',
    name: 'postcopy-table-need-reply',
    severity: 'error',
    condition: 'SET_MEM_TABLE with need_reply between POSTCOPY_LISTEN and POSTCOPY_END',
    spec: 'VHOST_USER_SET_MEM_TABLE',
    remedy: 'do not ask for an acknowledgement: the table has a reply of its own then',
    offenders: 'QEMU before 3.1',
    confidence: 'spec',
    on: ['SET_MEM_TABLE'],
    check: step =>
      request(step) && step.message.needReply && step.before.migration.postcopy === 'listening'
        ? 'asks for an acknowledgement while postcopy listens'
        : undefined,
  },
  {
    id: 'PCY-04',
    name: 'postcopy-reply-shape',
    severity: 'error',
    condition: 'the reply to a postcopy SET_MEM_TABLE has another size than the request',
    spec: 'VHOST_USER_SET_MEM_TABLE',
    remedy: 'answer with the same table, its front-end addresses replaced by those of the back-end',
    confidence: 'spec',
    on: ['SET_MEM_TABLE'],
    check: ({ message, request: asked, before }) =>
      message.reply && asked && before.migration.postcopy === 'listening' && message.size !== asked.message.size
        ? { message: `${message.size} bytes, the request had ${asked.message.size}`, records: [asked.frame.n] }
        : undefined,
  },
];
