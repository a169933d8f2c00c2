/**
 * Where two implementations are known to disagree: said when both are known and what they disagree about comes up,
 * before it bites. Nobody breaks the specification here, so these are no errors.
 */
import { isOf } from '../../dialects/evidence.ts';
import { type Identity, identify, identitySentence } from '../../dialects/peers.ts';
import type { Dialect } from '../../frame.ts';
import type { Side } from '../../side.ts';
import { transportBit } from '../masks.ts';
import type { Found, MessageRule, Rule, Step } from '../rule.ts';
import { hasFeature, hasProtocol, isRequest } from '../step.ts';

/** Something on which implementations differ. */
interface Disagreement extends Omit<MessageRule, 'check' | 'severity'> {
  readonly severity?: 'warning';
  /** Who does it, and who cannot take it; any where not named. */
  readonly frontEnd?: readonly Dialect[];
  readonly backEnd?: readonly Dialect[];
  /** The side that should change. */
  readonly side: Side;
  /** What will happen; `undefined` where this message does not bring it about. */
  readonly tell: (step: Step) => string | undefined;
}

const twoMiB = 0x20_0000n;
const offered = ({ after }: Step, name: Parameters<typeof transportBit>[0]) =>
  ((after.negotiation.virtio.offered ?? 0n) & transportBit(name)) !== 0n;
const accepted = ({ after }: Step, name: Parameters<typeof transportBit>[0]) =>
  ((after.negotiation.virtio.accepted ?? 0n) & transportBit(name)) !== 0n;

const disagreements: readonly Disagreement[] = [
  {
    id: 'DIA-01',
    name: 'log-reply-shape',
    frontEnd: ['rust-vmm', 'cloud-hypervisor'],
    backEnd: ['libvhost-user', 'dpdk', 'vpp'],
    condition:
      'LOG_SHMFD is acknowledged by a rust-vmm front-end to a back-end that answers SET_LOG_BASE in another shape',
    spec: 'VHOST_USER_SET_LOG_BASE',
    remedy: 'do not migrate this pair: the front-end waits for 16 bytes, DPDK answers with none, libvhost-user with 8',
    confidence: 'inferred',
    side: 'front-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) && hasProtocol(step, 'LOG_SHMFD') && offered(step, 'LOG_ALL')
        ? 'a migration would hang: the two expect different replies to SET_LOG_BASE'
        : undefined,
  },
  {
    id: 'DIA-02',
    name: 'packed-ring-base-cut',
    backEnd: ['dpdk', 'rust-vmm'],
    condition: 'RING_PACKED is acknowledged to a back-end that tells only 16 bits of a ring’s position',
    spec: 'VHOST_USER_GET_VRING_BASE',
    remedy: 'do not offer RING_PACKED where the rings must survive a reconnection or a migration',
    confidence: 'inferred',
    side: 'back-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) && accepted(step, 'RING_PACKED')
        ? 'GET_VRING_BASE of a packed ring will lose the position of the used ring'
        : undefined,
  },
  {
    id: 'DIA-03',
    name: 'legacy-driver',
    backEnd: ['libvhost-user'],
    severity: 'warning',
    condition: 'features are acknowledged without VERSION_1 to libvhost-user, which takes only modern drivers',
    spec: 'VHOST_USER_SET_FEATURES',
    remedy: 'use a modern driver (disable-legacy=on): libvhost-user gives up on a legacy one',
    confidence: 'inferred',
    side: 'front-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) && offered(step, 'VERSION_1') && !accepted(step, 'VERSION_1')
        ? 'VERSION_1 is not acknowledged'
        : undefined,
  },
  {
    id: 'DIA-04',
    name: 'rings-stay-disabled',
    backEnd: ['libvhost-user'],
    severity: 'warning',
    condition:
      'features are acknowledged to libvhost-user without PROTOCOL_FEATURES but with one of the bits 1 to 4, by which it ' +
      'decides whether rings begin enabled',
    spec: 'Ring states',
    remedy: 'use QEMU 7.2 or later, which acknowledges PROTOCOL_FEATURES and enables the rings itself',
    confidence: 'inferred',
    side: 'back-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) &&
      !accepted(step, 'PROTOCOL_FEATURES') &&
      ((step.after.negotiation.virtio.accepted ?? 0n) & 0x1en) !== 0n
        ? 'the rings will stay disabled: nobody enables them'
        : undefined,
  },
  {
    id: 'DIA-05',
    name: 'memory-in-2-mib',
    backEnd: ['spdk'],
    severity: 'warning',
    condition: 'a memory region for SPDK is not made of whole pieces of 2 MiB',
    spec: 'Memory region description',
    remedy: 'use memory in huge pages, of a size that is a multiple of 2 MiB',
    confidence: 'inferred',
    side: 'front-end',
    on: ['SET_MEM_TABLE', 'ADD_MEM_REG'],
    tell: step => {
      const odd = step.after.memory.regions.filter(
        ({ n, guestAddress, size, userAddress }) =>
          n === step.frame.n && [guestAddress, size, userAddress].some(value => value % twoMiB !== 0n),
      );
      return isRequest(step) && odd.length > 0 ? `${odd.length} regions are not multiples of 2 MiB` : undefined;
    },
  },
  {
    id: 'DIA-06',
    name: 'shared-object-without-payload',
    frontEnd: ['qemu'],
    backEnd: ['rust-vmm'],
    condition: 'SHARED_OBJECT is acknowledged by QEMU, which asks without a payload, to a rust-vmm back-end',
    spec: 'VHOST_USER_GET_SHARED_OBJECT',
    remedy: 'do not share objects between these two: rust-vmm drops the connection at GET_SHARED_OBJECT',
    confidence: 'inferred',
    side: 'front-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) && hasProtocol(step, 'SHARED_OBJECT') ? 'GET_SHARED_OBJECT will end the connection' : undefined,
  },
  {
    id: 'DIA-07',
    name: 'features-refused',
    backEnd: ['dpdk'],
    severity: 'warning',
    condition: 'features that were not offered are acknowledged to DPDK, which refuses them all then',
    spec: 'VHOST_USER_SET_FEATURES',
    remedy: 'switch the feature off for this device on the command line of the front-end',
    confidence: 'inferred',
    side: 'front-end',
    on: ['SET_FEATURES'],
    tell: step => {
      const { offered: offer, accepted: taken } = step.after.negotiation.virtio;
      if (!isRequest(step) || offer === undefined || taken === undefined) return undefined;
      return (taken & ~offer) !== 0n ? 'DPDK will close the connection' : undefined;
    },
  },
  {
    id: 'DIA-08',
    name: 'crypto-generations',
    frontEnd: ['qemu'],
    backEnd: ['dpdk'],
    condition: 'CREATE_CRYPTO_SESSION from QEMU to DPDK or SPDK: its layout changed in QEMU 8.1 without a feature bit',
    spec: 'Crypto sessions description',
    remedy: 'use generations of both that fit together',
    confidence: 'inferred',
    side: 'front-end',
    on: ['CREATE_CRYPTO_SESSION'],
    tell: step =>
      isRequest(step) && step.message.size > 639 ? 'only a DPDK that knows the new layout can take this' : undefined,
  },
  {
    id: 'DIA-09',
    name: 'inband-without-support',
    frontEnd: ['qemu'],
    severity: 'warning',
    condition: 'INBAND_NOTIFICATIONS is acknowledged by QEMU, which does not implement it',
    spec: 'In-band notifications',
    remedy: 'do not offer INBAND_NOTIFICATIONS to QEMU',
    confidence: 'inferred',
    side: 'back-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) && hasProtocol(step, 'INBAND_NOTIFICATIONS')
        ? 'QEMU will refuse BACKEND_VRING_CALL and never send VRING_KICK'
        : undefined,
  },
  {
    id: 'DIA-10',
    name: 'platform-without-iommu',
    backEnd: ['rust-vmm', 'passt', 'vpp'],
    severity: 'warning',
    condition: 'ACCESS_PLATFORM is acknowledged to a back-end that does not implement IOTLB messages',
    spec: 'IOMMU support',
    remedy: 'take iommu_platform=on off the device',
    confidence: 'inferred',
    side: 'front-end',
    on: ['SET_FEATURES'],
    tell: step =>
      isRequest(step) && hasFeature({ ...step, before: step.after }, 'ACCESS_PLATFORM')
        ? 'it will not understand the addresses of the device'
        : undefined,
  },
];

function fits(identity: Identity, wanted: readonly Dialect[] | undefined): boolean {
  return wanted === undefined || wanted.some(dialect => isOf(identity.dialect, dialect));
}

/** Rules made of disagreements. A warning where something breaks at once, else a note. */
export const dialects: readonly Rule[] = disagreements.map(
  ({ frontEnd, backEnd, side, tell, ...about }): MessageRule => ({
    severity: 'note',
    ...about,
    check: (step): Found | undefined => {
      const text = tell(step);
      if (text === undefined) return undefined;
      const front = identify(step.peers, 'front-end');
      const back = identify(step.peers, 'back-end');
      if (!fits(front, frontEnd) || !fits(back, backEnd)) return undefined;
      const who = [...(frontEnd ? [front] : []), ...(backEnd ? [back] : [])];
      return { message: `${text} (${who.map(one => `${one.side}: ${identitySentence(one)}`).join('; ')})`, side };
    },
  }),
);
