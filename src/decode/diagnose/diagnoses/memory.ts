/** Memory that the back-end cannot see, the most frequent cause of all. */
import { protocolFeatures } from '../../spec/protocol-features.ts';
import type { Diagnosis, Story } from '../diagnosis.ts';

const slots = 1n << BigInt(protocolFeatures.CONFIGURE_MEM_SLOTS.bit);
const iommu = 1n << 33n;

const hasRings = ({ state }: Story) => [...state.vrings.byIndex.values()].some(ring => ring.address !== undefined);
const noMemory = ({ state }: Story) => state.memory.regions.length === 0 && state.memory.changedAt === undefined;
const featuresSet = ({ state }: Story) => state.negotiation.virtio.acceptedAt !== undefined;
const behindIommu = ({ state }: Story) => ((state.negotiation.virtio.accepted ?? 0n) & iommu) !== 0n;

/** A request that takes this long blocks the whole VM noticeably, in nanoseconds. */
const slow = 1_000_000_000n;

/** Diagnoses about guest memory. */
export const memory: readonly Diagnosis[] = [
  {
    id: 'memory-not-shared',
    title: 'guest memory is not shared with the back-end',
    meaning: 'the RAM of the guest has no file behind it, or a private one, so the front-end has nothing to send',
    remedy:
      'give QEMU shared memory: -object memory-backend-memfd,id=mem,size=…,share=on -machine memory-backend=mem ' +
      '(and the same for every NUMA node and every pc-dimm)',
    confirm: 'no SET_MEM_TABLE or ADD_MEM_REG in the recording; "info memdev" in the monitor shows share: false',
    explains: ['peer-died', 'peer-closed', 'request-hangs'],
    tell: story => {
      if (!noMemory(story) || !featuresSet(story) || behindIommu(story)) return undefined;
      const at = story.state.negotiation.virtio.acceptedAt as number;
      if (hasRings(story)) {
        const [ring] = [...story.state.vrings.byIndex.values()].filter(one => one.address);
        const n = ring?.address?.n ?? at;
        return {
          what: `ring ${ring?.index} was set up (SET_VRING_ADDR) although no memory region had been sent`,
          side: 'front-end',
          certainty: 'certain',
          records: [n],
        };
      }
      // QEMU acknowledges the guest's features when it starts the device; its memory comes right behind them.
      return story.ending?.first === 'front-end'
        ? {
            what: 'the front-end acknowledged the features and then set nothing up: it had no memory to send',
            side: 'front-end',
            certainty: 'likely',
            records: [at],
          }
        : undefined;
    },
  },
  {
    id: 'memory-private',
    title: 'guest memory may be a private mapping',
    meaning: 'the handshake is perfect, but the front-end writes to copies of the pages that the back-end never sees',
    remedy: 'set share=on on the memory back-end',
    confirm: '"info memdev" in the monitor shows share: false; the rings in the memory file stay empty',
    tell: story => {
      const region = story.state.memory.regions.find(one => one.fd?.identity.access === 'r');
      return region
        ? {
            what: 'a memory region came with a descriptor that is open for reading only',
            side: 'front-end',
            certainty: 'possible',
            records: [region.n],
          }
        : undefined;
    },
  },
  {
    id: 'memory-slots-exhausted',
    title: 'the back-end holds no more memory regions',
    meaning: 'every memory device takes a slot; QEMU refuses the next one: "no free memory slots left"',
    remedy: 'plug fewer and larger memory devices, or use a back-end with more slots (DPDK has 8)',
    confirm: 'the answer to GET_MAX_MEM_SLOTS against the number of regions in force',
    tell: ({ state, findings }) => {
      const most = state.negotiation.memorySlots ?? 8;
      const over = findings.find(one => one.rule === 'MEM-10' || one.rule === 'MEM-01');
      const bySlots = ((state.negotiation.protocol.accepted ?? 0n) & slots) !== 0n;
      const refused = findings.find(one => one.rule === 'RPL-07' && /^(ADD_MEM_REG|SET_MEM_TABLE)/.test(one.message));
      // QEMU counts too: it refuses the next memory device without a word on the wire.
      const full = state.memory.regions.length >= Number(bySlots ? most : 8);
      if (!over && !full) return undefined;
      return {
        what: `${state.memory.regions.length} regions are in force, the back-end holds ${bySlots ? most : 8}`,
        side: 'front-end',
        certainty: over ? 'certain' : refused ? 'likely' : 'possible',
        records: (over ?? refused)?.records ?? [state.memory.changedAt ?? 0],
      };
    },
  },
  {
    id: 'memory-slow',
    title: 'the back-end takes long to map guest memory',
    meaning: 'mapping or unmapping blocks the back-end, and QEMU waits with its global lock held',
    remedy: 'use huge pages; with DPDK and SPDK look at IOMMU mappings of the devices they own',
    confirm: 'the latency of SET_MEM_TABLE or ADD_MEM_REG grows with the size of the memory',
    tell: ({ slowest }) =>
      slowest && slowest.ns > slow && /^(SET_MEM_TABLE|ADD_MEM_REG|REM_MEM_REG)$/.test(slowest.name)
        ? {
            what: `${slowest.name} was answered after ${(Number(slowest.ns) / 1e9).toFixed(1)} s`,
            side: 'back-end',
            certainty: 'certain',
            records: [slowest.n],
          }
        : undefined,
  },
];
