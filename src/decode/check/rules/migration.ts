/** Inflight region, transfer of device state, postcopy. Spec section "Migration". */
import type { Payload } from '../../decode.ts';
import type { Rule } from '../rule.ts';
import { isRequest, startedRings } from '../step.ts';

/** Guest addresses of a memory table, as far as its bytes reach. */
const guestAddresses = ({ regions }: Payload) =>
  Array.isArray(regions) ? (regions as Payload[]).map(region => region.guest_address) : [];

/** Rules about migration. */
export const migration: readonly Rule[] = [
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
      return isRequest(step) && (num_queues === 0 || queue_size === 0)
        ? `${String(num_queues)} rings of ${String(queue_size)} descriptors`
        : undefined;
    },
  },
  {
    id: 'INF-02',
    name: 'inflight-reply',
    severity: 'warning',
    condition: 'the reply to GET_INFLIGHT_FD is empty, not page aligned, or larger than its descriptor',
    spec: 'VHOST_USER_GET_INFLIGHT_FD',
    remedy: 'answer with a region of whole pages in shared memory',
    confidence: 'inferred',
    on: ['GET_INFLIGHT_FD'],
    check: ({ message, after, frame }) => {
      const region = after.migration.inflight;
      if (!message.reply || region?.n !== frame.n) return undefined;
      if (region.size === 0n) return 'an inflight region of 0 bytes';
      if (region.offset % 4096n !== 0n) return `its offset ${region.offset} is not page aligned`;
      const size = region.fd?.identity.size;
      return size !== undefined && region.offset + region.size > BigInt(size)
        ? `needs ${region.offset + region.size} bytes of a descriptor of ${size}`
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
      if (!isRequest(step) || !was || !is) return undefined;
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
    check: step => (isRequest(step) && startedRings(step).length > 0 ? 'rings are started already' : undefined),
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
      const started = isRequest(step) ? startedRings(step) : [];
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
      isRequest(step) && step.fromStart && step.before.migration.transfer.phase === 'none'
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
    id: 'DST-05',
    name: 'started-while-loading',
    severity: 'warning',
    condition: 'a ring is started while device state is being loaded: before CHECK_DEVICE_STATE was answered',
    spec: 'Migrating back-end state',
    remedy: 'wait for CHECK_DEVICE_STATE before the rings are started on the destination',
    confidence: 'spec',
    on: ['SET_VRING_KICK'],
    check: step => {
      const { phase, direction, n } = step.before.migration.transfer;
      return isRequest(step) && phase === 'running' && direction === 'load'
        ? { message: `ring ${String(step.message.payload.index)} is started`, records: n === undefined ? [] : [n] }
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
      if (!isRequest(step) || !step.fromStart) return undefined;
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
      isRequest(step) && step.message.needReply && step.before.migration.postcopy === 'listening'
        ? 'asks for an acknowledgement while postcopy listens'
        : undefined,
  },
  {
    id: 'PCY-04',
    name: 'postcopy-reply-shape',
    severity: 'error',
    condition: 'the reply to a postcopy SET_MEM_TABLE has another size or other guest addresses than the request',
    spec: 'VHOST_USER_SET_MEM_TABLE',
    remedy: 'answer with the same table, its front-end addresses replaced by those of the back-end',
    confidence: 'spec',
    on: ['SET_MEM_TABLE'],
    check: ({ message, request: asked, before }) => {
      if (!message.reply || !asked || before.migration.postcopy !== 'listening') return undefined;
      const records = [asked.frame.n];
      if (message.size !== asked.message.size) {
        return { message: `${message.size} bytes, the request had ${asked.message.size}`, records };
      }
      const sent = guestAddresses(asked.message.payload);
      const same = guestAddresses(message.payload).every((address, i) => address === sent[i]);
      return same ? undefined : { message: 'guest addresses are not those of the request', records };
    },
  },
  {
    id: 'PCY-05',
    name: 'postcopy-table-not-acknowledged',
    severity: 'warning',
    condition:
      'after the reply to a postcopy SET_MEM_TABLE the front-end sends something else than an empty SET_MEM_TABLE',
    spec: 'VHOST_USER_SET_MEM_TABLE',
    remedy: 'acknowledge the reply first: the back-end waits until the front-end has registered the memory',
    confidence: 'spec',
    on: 'requests',
    only: ({ channel }) => channel === 'main',
    check: step => {
      const { tableAnsweredAt } = step.before.migration;
      const { name, payload } = step.message;
      if (tableAnsweredAt === undefined) return undefined;
      return name === 'SET_MEM_TABLE' && !payload.num_regions
        ? undefined
        : { message: `${name} before the table was acknowledged`, records: [tableAnsweredAt] };
    },
  },
];
