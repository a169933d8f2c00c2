import { afterEach, describe, expect, it } from 'vitest';
import type { Allowance } from '../compare.ts';
import type { Side } from '../conversation.ts';
import { keep } from '../corpus.ts';
import { Pair } from '../pair.ts';
import {
  type Debian,
  devices,
  gpuBackEnd,
  type Machine,
  netVhost,
  newDisk,
  newShare,
  qemu,
  rustVirtiofsd,
  storageDaemon,
  virtiofsd,
} from '../peers.ts';
import { stopAll } from '../programs.ts';
import { scenarioFolder } from '../rig.ts';

/** One pair of real peers, and what a faithful capture of it must hold besides being equal to the traces. */
interface Row {
  name: string;
  /** What its capture shows, for the page in `captures/`: a title, then sentences. */
  story: string[];
  machine: Machine;
  backEnd(pair: Pair): string[];
  roles?: 'front-end listens';
  /** Proof that the device worked, where the guest alone cannot tell: the back-end does not answer its packets. */
  backEndPrints?: RegExp;
  /** What a peer that ends first may leave unread. */
  allow?: Partial<Record<Side, Allowance>>;
  /** Names of messages that the pair is known to exchange. */
  shows: string[];
}

/** virtiofsd in C looks for the hang-up before it reads what is left, and QEMU hangs up right after its last messages. */
const hurriedEnd: Row['allow'] = { 'back-end': { unread: 4 } };

const net = (debian: Debian): Machine => ({ debian, tasks: 'net', device: devices.net(debian) });
const share = (pair: Pair) => newShare(scenarioFolder(`${pair.name}-share`));

const rows: Row[] = [
  {
    name: 'fs',
    story: [
      'QEMU 7.2 and virtiofsd: a shared folder',
      'The guest mounts the folder, reads, writes, renames and unmounts it. Guest memory is announced region by region',
      '(ADD_MEM_REG), and a socket for requests of the back-end is passed (SET_BACKEND_REQ_FD), on which nothing is ever asked.',
      'SET_VRING_CALL repeats whenever the guest masks or unmasks an interrupt.',
    ],
    machine: { tasks: 'fs', device: devices.fs },
    backEnd: pair => virtiofsd(pair.backSocket, share(pair)),
    allow: hurriedEnd,
    shows: ['ADD_MEM_REG', 'SET_BACKEND_REQ_FD', 'GET_MAX_MEM_SLOTS', 'SET_VRING_CALL'],
  },
  {
    name: 'blk',
    story: [
      'QEMU 7.2 and qemu-storage-daemon: a disk',
      'The device starts twice: SeaBIOS reads the disk before Linux does, so the features are acknowledged and the ring is',
      'stopped (GET_VRING_BASE) and set up again. The configuration space comes from the back-end (GET_CONFIG).',
    ],
    machine: { tasks: 'blk', device: devices.blk },
    backEnd: pair => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)),
    shows: ['GET_CONFIG', 'SET_VRING_KICK', 'GET_VRING_BASE'],
  },
  {
    name: 'net',
    story: [
      "QEMU 7.2 and DPDK's net_vhost: a network card",
      'The guest pings the back-end. Memory is announced as one table (SET_MEM_TABLE), the device status is forwarded',
      '(SET_STATUS), and one socket serves two rings.',
    ],
    machine: net('bookworm'),
    backEnd: pair => netVhost([pair.backSocket]),
    shows: ['SET_MEM_TABLE', 'SET_STATUS', 'SET_VRING_ENABLE'],
  },
  {
    name: 'net-front-end-listens',
    story: [
      "The same card, with QEMU as the socket's server",
      'QEMU listens and DPDK connects, so vhuscope connects to QEMU and listens for DPDK. The messages are those of',
      '[net](net.md): roles of sockets and roles of the protocol are independent.',
    ],
    machine: { ...net('bookworm'), chardev: 'server=on' },
    roles: 'front-end listens',
    backEnd: pair => netVhost([pair.backSocket], { connects: true }),
    shows: ['SET_MEM_TABLE', 'SET_STATUS', 'SET_VRING_ENABLE'],
  },
  {
    name: 'qemu10-fs',
    story: [
      'QEMU 10 and the virtiofsd of QEMU 7.2',
      'Front-end and back-end of different ages. Compare with [fs](fs.md): QEMU 10 asks for an acknowledgement of',
      'SET_VRING_ENABLE.',
    ],
    machine: { debian: 'trixie', tasks: 'fs', device: devices.fs },
    backEnd: pair => virtiofsd(pair.backSocket, share(pair)),
    allow: hurriedEnd,
    shows: ['ADD_MEM_REG', 'SET_VRING_ENABLE'],
  },
  {
    name: 'rust-virtiofsd',
    story: [
      'QEMU 7.2 and virtiofsd in Rust',
      'The same device as in [fs](fs.md) from another implementation, which offers more protocol features than QEMU 7.2 knows.',
    ],
    machine: { tasks: 'fs', device: devices.fs },
    backEnd: pair => rustVirtiofsd(pair.backSocket, share(pair)),
    shows: ['SET_PROTOCOL_FEATURES', 'SET_VRING_KICK'],
  },
  {
    name: 'qemu10-iommu',
    story: [
      'QEMU 10 and net_vhost behind an IOMMU: requests of the back-end',
      'The rings and packets lie at I/O virtual addresses. The back-end asks for each translation it lacks (IOTLB_MSG, a',
      'miss, on the channel that SET_BACKEND_REQ_FD opened), and the front-end answers with an update on the main channel.',
      "The guest's packets reach DPDK; its answers to them do not come back with this pair, with or without vhuscope.",
    ],
    machine: {
      debian: 'trixie',
      tasks: 'net_rounds',
      times: 3,
      device: devices.netBehindIommu,
      kernel: 'intel_iommu=on',
    },
    backEnd: pair => netVhost([pair.backSocket], { iommu: true }),
    backEndPrints: /RX-packets: [1-9]/,
    shows: ['SET_BACKEND_REQ_FD', 'IOTLB_MSG'],
  },
  {
    name: 'qemu10-gpu',
    story: [
      'QEMU 10 and vhost-user-gpu: the GPU channel',
      'GPU_SET_SOCKET passes a socket on which the back-end is the one that asks: display information, then the scanout and',
      'its pixels (UPDATE). Messages of this channel are kept with their first 4 KiB.',
    ],
    machine: { debian: 'trixie', tasks: 'gpu', device: devices.gpu },
    backEnd: pair => gpuBackEnd(pair.backSocket),
    // QEMU closes the GPU channel before it has stopped the rings, and the back-end ends at once.
    allow: { 'back-end': { unread: 4 } },
    shows: ['GPU_SET_SOCKET', 'GPU_GET_DISPLAY_INFO', 'GPU_SCANOUT', 'GPU_UPDATE'],
  },
];

describe('a guest uses its device through vhuscope, and the capture is what both peers saw', () => {
  afterEach(stopAll);

  it.each(rows)('$name', async row => {
    const pair = new Pair(row.name, row.roles === undefined ? {} : { roles: row.roles });
    const backEnd = row.backEnd(pair);
    const frontEnd = qemu(pair.frontSocket, row.machine);
    if (row.roles) {
      const machine = await pair.start('front-end', frontEnd);
      await pair.startProxy();
      await pair.start('back-end', backEnd);
      await finish(pair, machine, row);
    } else {
      const back = await pair.start('back-end', backEnd);
      await pair.startProxy();
      const machine = await pair.start('front-end', frontEnd);
      if (row.backEndPrints) await back.prints(row.backEndPrints);
      await finish(pair, machine, row);
    }
  });
});

async function finish(pair: Pair, machine: { prints(p: RegExp): Promise<unknown>; end(): Promise<unknown> }, row: Row) {
  await machine.prints(new RegExp(`guest: ${row.machine.tasks} ok`));
  expect(await machine.end()).toBe(0);
  expect(await pair.settled(row.allow)).toEqual([]);
  expect(pair.misread()).toEqual([]);
  expect(pair.unequalImports(row.allow)).toEqual([]);
  expect(pair.packets()).toBeGreaterThanOrEqual(pair.records().length);
  expect(pair.connections('back-end'), 'a back-end that serves one connection must not be probed').toBe(1);
  expect(row.shows.filter(name => !pair.captured(name))).toEqual([]);
  keep(pair, row.name, row.story);
}
