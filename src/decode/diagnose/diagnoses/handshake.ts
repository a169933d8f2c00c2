/** Connections that do not get beyond their handshake, and masks that were restored badly. */
import { protocolBit, spell, transportBit } from '../../check/masks.ts';
import type { Finding } from '../../check/rule.ts';
import { featureBits, namedBits } from '../../features.ts';
import type { Side } from '../../side.ts';
import { hex, normalU64 } from '../../u64.ts';
import type { Diagnosis, Story } from '../diagnosis.ts';

const foundBy = (story: Story, rule: string): Finding | undefined => story.findings.find(one => one.rule === rule);
const closedBy = ({ ending }: Story, side: Side): boolean => ending?.first === side;
/** Where the configuration space begins among the registers of virtio-mmio. */
const mmioConfig = 0x100;
const asksProtocolFeatures = /^[GS]ET_PROTOCOL_FEATURES$/;

/** Diagnoses about the beginning of a connection. */
export const handshake: readonly Diagnosis[] = [
  {
    id: 'back-end-refuses-all',
    title: 'the back-end refuses the connection',
    meaning:
      'it accepted and closed before its first answer: it serves one connection at a time, is ending, or crashes at once',
    remedy: 'look whether another front-end is connected to it; start it by hand and read what it prints',
    confirm: 'its log at this moment; QEMU prints "Read 0 instead of 12. Original request 1."',
    explains: ['peer-closed'],
    tell: story => {
      const { lastRequest, lastReply, ending, exits } = story;
      if (!ending || !closedBy(story, 'back-end') || lastReply || !lastRequest) return undefined;
      // A process that has ended is told as such.
      if (exits.some(one => one.side === 'back-end' && one.state === 'exited')) return undefined;
      const { frame, message } = lastRequest;
      return {
        what: `the back-end closed without a single answer, ${message.name}(${message.id}) was the last request`,
        side: 'back-end',
        certainty: 'certain',
        records: [ending.frame.n, frame.n],
      };
    },
  },
  {
    id: 'reconnect-incomplete',
    title: 'the device did not come back after a reconnection',
    meaning: 'rings ran on the connection before; on this one none was started before it ended',
    remedy: 'look at how this connection ended; the guest waits for the device until a later one succeeds',
    confirm: 'no SET_VRING_KICK on this connection; the guest reports timeouts of the device',
    tell: ({ previous, state, ending, lastRequest, waiting }) => {
      const ran = [...(previous?.vrings.byIndex.values() ?? [])].some(ring => ring.running === 'started');
      const runs = [...state.vrings.byIndex.values()].some(ring => ring.kick !== undefined);
      if (!ran || runs || !ending || !lastRequest) return undefined;
      const { frame, message } = waiting[0] ?? lastRequest;
      return {
        what: `it ended at ${message.name}(${message.id}), before any ring was started`,
        certainty: 'certain',
        records: [ending.frame.n, frame.n],
      };
    },
  },
  {
    id: 'protocol-features-too-early',
    title: 'the back-end wants PROTOCOL_FEATURES acknowledged first',
    meaning:
      'it refuses to speak of protocol features before SET_FEATURES has bit 30; by the specification the offer is enough',
    remedy: 'upgrade the back-end: old rust-vmm and some others had it the wrong way round',
    confirm: 'GET_ or SET_PROTOCOL_FEATURES is the last request, and bit 30 was offered',
    explains: ['peer-closed'],
    tell: story => {
      const { virtio } = story.state.negotiation;
      const { lastRequest, ending } = story;
      if (!ending || !closedBy(story, 'back-end') || !lastRequest) return undefined;
      if (!asksProtocolFeatures.test(lastRequest.message.name) || virtio.accepted !== undefined) return undefined;
      if (((virtio.offered ?? 0n) & transportBit('PROTOCOL_FEATURES')) === 0n) return undefined;
      return {
        what: `the back-end closed at ${lastRequest.message.name}, though it had offered PROTOCOL_FEATURES`,
        side: 'back-end',
        certainty: 'possible',
        records: [ending.frame.n, lastRequest.frame.n],
      };
    },
  },
  {
    id: 'unknown-feature-refused',
    title: 'the front-end does not know a protocol feature',
    meaning: 'old front-ends give up when the back-end offers a bit they have no name for, instead of ignoring it',
    remedy: 'upgrade the front-end, or start the back-end without the new feature',
    confirm: 'the front-end leaves right after GET_PROTOCOL_FEATURES',
    tell: story => {
      const { lastReply, lastRequest, ending, state } = story;
      const { offered } = state.negotiation.protocol;
      if (!ending || !closedBy(story, 'front-end') || offered === undefined) return undefined;
      if (lastReply?.message.name !== 'GET_PROTOCOL_FEATURES' || (lastRequest?.frame.n ?? 0) > lastReply.frame.n)
        return undefined;
      const { unknown } = namedBits(featureBits('protocol'), normalU64(offered));
      return unknown === 0
        ? undefined
        : {
            what: `the front-end left when it was offered ${spell('protocol', BigInt(unknown), undefined)}`,
            side: 'front-end',
            certainty: 'possible',
            records: [lastReply.frame.n],
          };
    },
  },
  {
    id: 'protocol-features-not-asked',
    title: 'protocol features were restored, not negotiated',
    meaning:
      'the front-end set them from a saved state; a back-end that switches acknowledgements on when it is asked never sends any',
    remedy: 'upgrade the front-end: it has to send GET_PROTOCOL_FEATURES on every connection, also after a migration',
    confirm: 'no GET_PROTOCOL_FEATURES on this connection, and requests with need_reply stay unanswered',
    explains: ['request-hangs', 'peer-closed'],
    tell: story => {
      const found = foundBy(story, 'NEG-05');
      const [asked] = story.waiting.filter(({ message }) => message.needReply);
      return found && asked
        ? {
            what: `SET_PROTOCOL_FEATURES without GET_PROTOCOL_FEATURES, and ${asked.message.name} was never acknowledged`,
            side: 'front-end',
            certainty: 'likely',
            records: [...found.records, asked.frame.n],
          }
        : undefined;
    },
  },
  {
    id: 'protocol-features-bit-lost',
    title: 'protocol features are in use, but bit 30 was not acknowledged',
    meaning:
      'the front-end negotiated protocol features and then left PROTOCOL_FEATURES out of SET_FEATURES: both sides disagree whether rings start enabled',
    remedy: 'upgrade the front-end (cloud-hypervisor lost the bit after a restore); restart the guest',
    confirm: 'SET_FEATURES lacks bit 30, and SET_VRING_ENABLE is sent or expected all the same',
    tell: ({ state }) => {
      const { virtio, protocol } = state.negotiation;
      if (virtio.accepted === undefined || virtio.offered === undefined || protocol.acceptedAt === undefined)
        return undefined;
      const bit = transportBit('PROTOCOL_FEATURES');
      if ((virtio.offered & bit) === 0n || (virtio.accepted & bit) !== 0n || protocol.accepted === 0n) return undefined;
      return {
        what: 'SET_PROTOCOL_FEATURES was sent, but SET_FEATURES lacks PROTOCOL_FEATURES, which was offered',
        side: 'front-end',
        certainty: 'certain',
        records: [virtio.acceptedAt ?? 0, protocol.acceptedAt],
      };
    },
  },
  {
    id: 'config-offset',
    title: 'the configuration is asked for at the offset of a register',
    meaning:
      'the front-end counts from 0x100, where virtio-mmio has the configuration space; back-ends count from its beginning',
    remedy: 'upgrade the front-end: offset 0 is the first byte of the configuration space',
    confirm: 'GET_CONFIG with offset 0x100, and a refusal or an end behind it',
    explains: ['peer-closed', 'config-refused'],
    tell: story => {
      const { lastRequest, ending } = story;
      if (lastRequest?.message.name !== 'GET_CONFIG' || Number(lastRequest.message.payload.offset) < mmioConfig)
        return undefined;
      const refused = foundBy(story, 'CFG-08');
      if (!refused && !closedBy(story, 'back-end')) return undefined;
      return {
        what: `GET_CONFIG with offset ${hex(Number(lastRequest.message.payload.offset))} was ${refused ? 'refused' : 'the last request'}`,
        side: 'front-end',
        certainty: 'likely',
        records: [lastRequest.frame.n, ...(ending ? [ending.frame.n] : [])],
      };
    },
  },
  {
    id: 'enable-needs-mq',
    title: 'the back-end takes a second ring for a second queue pair',
    meaning:
      'it refuses to enable a ring above 0 because MQ was not acknowledged; a net device has two rings without it',
    remedy: 'upgrade the back-end, or negotiate MQ',
    confirm: 'SET_VRING_ENABLE for ring 1 is the request it did not like, and MQ is not acknowledged',
    explains: ['peer-closed'],
    tell: story => {
      const { ending, lastRequest, state } = story;
      if (!ending || !closedBy(story, 'back-end') || lastRequest?.message.name !== 'SET_VRING_ENABLE') return undefined;
      const { accepted } = state.negotiation.protocol;
      const { index } = lastRequest.message.payload;
      if (Number(index) === 0 || ((accepted ?? 0n) & protocolBit('MQ')) !== 0n) return undefined;
      return {
        what: `the back-end closed at SET_VRING_ENABLE of ring ${String(index)}, and MQ was not acknowledged`,
        side: 'back-end',
        certainty: 'possible',
        records: [ending.frame.n, lastRequest.frame.n],
      };
    },
  },
];
