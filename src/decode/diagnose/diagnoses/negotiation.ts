/** Features that are missing, lost or misunderstood. */
import { protocolFeatures } from '../../spec/protocol-features.ts';
import type { Diagnosis, Story } from '../diagnosis.ts';

const bit = (name: keyof typeof protocolFeatures) => 1n << BigInt(protocolFeatures[name].bit);
const iommu = 1n << 33n;
const logAll = 1n << 26n;

const foundBy = (story: Story, ...rules: readonly string[]) => story.findings.find(one => rules.includes(one.rule));
const offered = ({ state }: Story) => state.negotiation.protocol.offered;

/** The front-end prepared its rings, and its process ended before a driver had begun. */
function gaveUp({ state, ending, exits, waiting, frontEndWaits }: Story): boolean {
  const prepared = state.vrings.byIndex.size > 0 && state.negotiation.virtio.acceptedAt === undefined;
  const ended = exits.some(({ side, state: now }) => side === 'front-end' && now === 'exited');
  return prepared && ended && ending?.first === 'front-end' && waiting.length === 0 && !frontEndWaits;
}

/** Diagnoses about negotiation. */
export const negotiation: readonly Diagnosis[] = [
  {
    id: 'features-lost',
    title: 'features were lost on a reconnection',
    meaning:
      'the front-end did not restore what the guest had acknowledged: frames get the wrong header length, rings stop',
    remedy: 'upgrade QEMU, or restart the guest; do not restart the back-end while the guest boots',
    confirm: 'SET_FEATURES of the connection before',
    tell: story => {
      const found = foundBy(story, 'EPO-01');
      return found && { what: found.message, side: 'front-end', certainty: 'certain', records: found.records };
    },
  },
  {
    id: 'offer-shrank',
    title: 'the back-end came back with fewer features',
    meaning:
      'the guest already uses features that the restarted back-end no longer offers; QEMU 7.2 acknowledges them all the same',
    remedy: 'start the back-end with the options and the version it had before',
    confirm: 'GET_FEATURES of the connection before',
    explains: ['peer-closed'],
    tell: story => {
      const found = foundBy(story, 'EPO-02');
      return found && { what: found.message, side: 'back-end', certainty: 'certain', records: found.records };
    },
  },
  {
    id: 'iommu-unsupported',
    title: 'the back-end cannot be put behind a vIOMMU',
    meaning: 'the device needs ACCESS_PLATFORM, and that needs REPLY_ACK and the back-end channel for IOTLB misses',
    remedy: 'leave iommu_platform=on away for this device, or use a back-end with IOMMU support',
    confirm: 'the offered protocol features',
    explains: ['peer-closed', 'peer-died'],
    tell: story => {
      const { virtio } = story.state.negotiation;
      const protocol = offered(story);
      if (virtio.offered === undefined || protocol === undefined) return undefined;
      if (gaveUp(story) && (virtio.offered & iommu) === 0n) {
        return {
          what:
            'the front-end ended before it acknowledged any features, though everything was answered; the back-end does ' +
            'not offer ACCESS_PLATFORM, which iommu_platform=on wants',
          side: 'back-end',
          certainty: 'possible',
          records: [virtio.offeredAt ?? 0, ...(story.ending ? [story.ending.frame.n] : [])],
        };
      }
      const wanted = ((virtio.accepted ?? virtio.offered) & iommu) !== 0n;
      const missing = [
        ...((protocol & bit('REPLY_ACK')) === 0n ? ['REPLY_ACK'] : []),
        ...((protocol & bit('BACKEND_REQ')) === 0n ? ['BACKEND_REQ'] : []),
      ];
      return wanted && missing.length > 0
        ? {
            what: `ACCESS_PLATFORM is in play, but the back-end does not offer ${missing.join(' and ')}`,
            side: 'back-end',
            certainty: 'likely',
            records: [story.state.negotiation.protocol.offeredAt ?? 0],
          }
        : undefined;
    },
  },
  {
    id: 'not-migratable',
    title: 'the device cannot be migrated',
    meaning: 'without LOG_SHMFD the back-end cannot tell which pages it has written',
    remedy: 'use a back-end with LOG_SHMFD and LOG_ALL, or unplug the device before the migration',
    confirm: 'QEMU says "lacks VHOST_USER_PROTOCOL_F_LOG_SHMFD feature" when a migration is tried',
    tell: story => {
      const { virtio } = story.state.negotiation;
      const protocol = offered(story);
      if (virtio.offered === undefined || protocol === undefined || (protocol & bit('LOG_SHMFD')) !== 0n)
        return undefined;
      if ((virtio.offered & logAll) === 0n) return undefined;
      return {
        what: 'the back-end offers LOG_ALL, but not LOG_SHMFD',
        side: 'back-end',
        certainty: 'certain',
        records: [story.state.negotiation.protocol.offeredAt ?? 0],
      };
    },
  },
  {
    id: 'config-refused',
    title: 'the back-end does not tell its configuration',
    meaning: 'the device model of the front-end needs the configuration space and gives the device up',
    remedy: 'look into the log of the back-end; check that it serves the type of device the front-end expects',
    confirm: 'the reply to GET_CONFIG has size 0 or no data',
    explains: ['peer-closed'],
    tell: story => {
      const found = foundBy(story, 'CFG-08', 'RPL-13');
      return found && { what: found.message, side: 'back-end', certainty: 'certain', records: found.records };
    },
  },
  {
    id: 'too-many-queues',
    title: 'the front-end wants more queues than the back-end has',
    meaning: 'the number of queues is configured on both sides and must fit',
    remedy: 'lower num-queues (blk, scsi), queues (net) or num-request-queues (fs), or raise it in the back-end',
    confirm: 'the answer to GET_QUEUE_NUM; QEMU tries again and again, which is pointless',
    explains: ['peer-closed', 'peer-died'],
    tell: story => {
      const found = foundBy(story, 'RNG-01');
      if (found) return { what: found.message, side: 'front-end', certainty: 'likely', records: found.records };
      // QEMU gives up at once when the answer is too small, before it names a ring.
      const { lastReply, ending, state } = story;
      const early = lastReply?.message.name === 'GET_QUEUE_NUM' || lastReply?.message.name === 'GET_MAX_MEM_SLOTS';
      return ending?.first === 'front-end' && early && state.negotiation.queueNum !== undefined
        ? {
            what: `the front-end left after it was told that the back-end has ${state.negotiation.queueNum} (GET_QUEUE_NUM)`,
            side: 'front-end',
            certainty: 'possible',
            records: [lastReply.frame.n],
          }
        : undefined;
    },
  },
  {
    id: 'config-missing',
    title: 'the back-end has no configuration space for a device that needs one',
    meaning:
      'blk, vsock, input, gpio and others read their configuration from the back-end; this one does not offer CONFIG',
    remedy:
      'check which program listens on the socket: it may serve another type of device, a file system for instance',
    confirm: 'CONFIG is missing among the offered protocol features',
    explains: ['peer-closed'],
    tell: story => {
      const { ending, lastReply } = story;
      const protocol = offered(story);
      if (ending?.first !== 'front-end' || protocol === undefined || (protocol & bit('CONFIG')) !== 0n)
        return undefined;
      return lastReply?.message.name === 'GET_PROTOCOL_FEATURES'
        ? {
            what: 'the front-end left as soon as it had seen the protocol features, which lack CONFIG',
            side: 'back-end',
            certainty: 'likely',
            records: [lastReply.frame.n],
          }
        : undefined;
    },
  },
  {
    id: 'state-transfer-failed',
    title: 'the internal state of the back-end could not be migrated',
    meaning: 'the back-end refused the transfer, or found it incomplete',
    remedy: 'look into the log of the back-end; both sides must run compatible versions with the same options',
    confirm: 'the answer to SET_DEVICE_STATE_FD or CHECK_DEVICE_STATE',
    tell: story => {
      const found = foundBy(story, 'DST-06');
      return found && { what: found.message, side: 'back-end', certainty: 'certain', records: found.records };
    },
  },
  {
    id: 'descriptors-dropped',
    title: 'the kernel dropped descriptors',
    meaning:
      'a security module denies one of them, or a process has too many files open; all later ones are lost with it',
    remedy: 'look for denials (ausearch -m avc -ts recent, or dmesg for AppArmor); raise the limit of open files',
    confirm: 'the same set-up without the security module',
    explains: ['peer-closed', 'peer-died'],
    tell: story => {
      const found = foundBy(story, 'FRM-14');
      return found && { what: found.message, certainty: 'certain', records: found.records };
    },
  },
];
