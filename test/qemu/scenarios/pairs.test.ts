import { afterEach, describe, expect, it } from 'vitest';
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
  machine: Machine;
  backEnd(pair: Pair): string[];
  roles?: 'front-end listens';
  /** Names of messages that the pair is known to exchange. */
  shows: string[];
}

const net = (debian: Debian): Machine => ({ debian, tasks: 'net', device: devices.net(debian) });
const share = (pair: Pair) => newShare(scenarioFolder(`${pair.name}-share`));

const rows: Row[] = [
  {
    name: 'fs',
    machine: { tasks: 'fs', device: devices.fs },
    backEnd: pair => virtiofsd(pair.backSocket, share(pair)),
    shows: ['ADD_MEM_REG', 'SET_BACKEND_REQ_FD', 'GET_MAX_MEM_SLOTS', 'SET_VRING_CALL'],
  },
  {
    name: 'blk',
    machine: { tasks: 'blk', device: devices.blk },
    backEnd: pair => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)),
    shows: ['GET_CONFIG', 'SET_VRING_KICK', 'GET_VRING_BASE'],
  },
  {
    name: 'net',
    machine: net('bookworm'),
    backEnd: pair => netVhost([pair.backSocket]),
    shows: ['SET_MEM_TABLE', 'SET_STATUS', 'SET_VRING_ENABLE'],
  },
  {
    name: 'net-front-end-listens',
    machine: { ...net('bookworm'), chardev: 'server=on' },
    roles: 'front-end listens',
    backEnd: pair => netVhost([pair.backSocket], { connects: true }),
    shows: ['SET_MEM_TABLE', 'SET_STATUS', 'SET_VRING_ENABLE'],
  },
  {
    name: 'qemu10-fs',
    machine: { debian: 'trixie', tasks: 'fs', device: devices.fs },
    backEnd: pair => virtiofsd(pair.backSocket, share(pair)),
    shows: ['ADD_MEM_REG', 'SET_VRING_ENABLE'],
  },
  {
    name: 'rust-virtiofsd',
    machine: { tasks: 'fs', device: devices.fs },
    backEnd: pair => rustVirtiofsd(pair.backSocket, share(pair)),
    shows: ['SET_PROTOCOL_FEATURES', 'SET_VRING_KICK'],
  },
  {
    name: 'qemu10-gpu',
    machine: { debian: 'trixie', tasks: 'gpu', device: devices.gpu },
    backEnd: pair => gpuBackEnd(pair.backSocket),
    shows: ['GPU_SET_SOCKET', 'GET_DISPLAY_INFO', 'SCANOUT', 'UPDATE'],
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
      await pair.start('back-end', backEnd);
      await pair.startProxy();
      await finish(pair, await pair.start('front-end', frontEnd), row);
    }
  });
});

async function finish(pair: Pair, machine: { prints(p: RegExp): Promise<unknown>; end(): Promise<unknown> }, row: Row) {
  await machine.prints(new RegExp(`guest: ${row.machine.tasks} ok`));
  expect(await machine.end()).toBe(0);
  await pair.stopProxy();
  await stopAll();
  expect(pair.differences()).toEqual([]);
  expect(row.shows.filter(name => !pair.captured(name))).toEqual([]);
}
