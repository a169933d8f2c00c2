/** Recordings played against real peers: as the front-end towards back-ends, as the back-end towards QEMU. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  devices,
  type Machine,
  netVhost,
  newDisk,
  newShare,
  qemu,
  rustVirtiofsd,
  storageDaemon,
  virtiofsd,
} from '../peers.ts';
import { Program, stopAll } from '../programs.ts';
import { Qmp } from '../qmp.ts';
import { replaying, type Verdict, verdictOf } from '../replaying.ts';
import { appears, listening, scenarioFolder, socketPath } from '../rig.ts';
import { vhuscope } from '../vhuscope.ts';

const recording = (name: string) => resolve(import.meta.dirname, `../../../captures/${name}.pcapng`);

type BackEnd = (socket: string, folder: string) => string[];

const backEnds: { readonly [name: string]: BackEnd } = {
  'virtiofsd in C': (socket, folder) => [...virtiofsd(socket, newShare(folder)), '-d'],
  'virtiofsd in Rust': (socket, folder) => rustVirtiofsd(socket, newShare(folder)),
  'qemu-storage-daemon': (socket, folder) => storageDaemon(socket, newDisk(join(folder, 'disk'))),
  testpmd: socket => netVhost([socket]),
};

async function playedTo(
  backEnd: string,
  capture: string,
): Promise<{ back: Program; status: unknown; verdict: Verdict }> {
  const folder = scenarioFolder(`replay-${capture}-${Object.keys(backEnds).indexOf(backEnd)}`);
  const socket = socketPath(folder, 'back');
  const back = new Program(backEnd, backEnds[backEnd]?.(socket, folder) ?? [], { log: join(folder, 'back.log') });
  expect(await listening(socket, 30, () => back.alive), back.output).toBe(true);
  const replay = replaying(folder, recording(capture), '--to', socket);
  const status = await replay.end();
  return { back, status, verdict: verdictOf(replay) };
}

describe('the front-end of a recording', () => {
  afterEach(stopAll);

  it.each([
    ['fs', 'virtiofsd in C', /fv_queue_thread: Start for queue 1/],
    ['qemu10-fs', 'virtiofsd in C', /fv_queue_thread: Start for queue 1/],
    ['rust-virtiofsd', 'virtiofsd in Rust', undefined],
    ['blk', 'qemu-storage-daemon', undefined],
    ['reboot', 'qemu-storage-daemon', undefined],
    ['net', 'testpmd', /virtio is now ready for processing/],
    ['virtio-user', 'testpmd', /virtio is now ready for processing/],
  ])('%s starts the rings of %s, which answers as recorded', async (capture, backEnd, started) => {
    const { back, status, verdict } = await playedTo(backEnd, capture);
    expect(verdict.deviations).toEqual([]);
    expect(verdict).toMatchObject({ same: true, unreached: 0, end: { how: 'played' } });
    expect(verdict.counts).toMatchObject({ missing: 0, extra: 0, late: 0, 'left-out': 0 });
    expect(status).toBe(0);
    if (started) expect(back.output).toMatch(started);
  });

  it('gives a disk no memory, and qemu-storage-daemon gives up where it did', async () => {
    const { back, status, verdict } = await playedTo('qemu-storage-daemon', 'unshared-blk');
    expect(back.output).toContain('Invalid vring_addr message');
    expect(verdict).toMatchObject({ same: true, end: { how: 'closed', asRecorded: true } });
    expect(status).toBe(0);
  });

  it('tells one virtiofsd from the other', async () => {
    const { status, verdict } = await playedTo('virtiofsd in Rust', 'fs');
    expect(status).toBe(1);
    expect(verdict.end.how).toBe('played');
    expect(verdict.deviations.map(({ key }) => key)).toEqual([
      'GET_FEATURES =: payload.features.names NOTIFY_ON_EMPTY -> none',
      'GET_PROTOCOL_FEATURES =: payload.protocol_features.names HOST_NOTIFIER -> RESET_DEVICE|DEVICE_STATE',
      'GET_MAX_MEM_SLOTS =: payload.max_mem_slots 32 -> 509',
    ]);
  });

  it('tells where a back-end of another device gives up', async () => {
    const { status, verdict } = await playedTo('qemu-storage-daemon', 'fs');
    expect(status).toBe(1);
    expect(verdict.deviations.map(({ key }) => key)).toContain('GET_QUEUE_NUM =: payload.queue_num 2 -> 1');
  });
});

describe('a back-end with a fault, made by a rule', () => {
  afterEach(stopAll);

  it.each<[string, string, object, string | undefined]>([
    ['nothing', 'SET_OWNER', { note: 'nothing is wrong' }, undefined],
    [
      'a wrong number of queues',
      ...(['GET_QUEUE_NUM and reply', { set: { queue_num: 7 } }] as const),
      'GET_QUEUE_NUM =: payload.queue_num 1 -> 7',
    ],
    [
      'memory that is refused',
      ...(['ADD_MEM_REG and reply', { set: { result: 1 } }] as const),
      'ADD_MEM_REG =: payload.result 0 -> 1',
    ],
    ['an answer that is lost', 'GET_QUEUE_NUM and reply', { drop: true }, 'GET_QUEUE_NUM =: missing'],
    ['an answer that comes twice', 'GET_MAX_MEM_SLOTS and reply', { duplicate: true }, 'GET_MAX_MEM_SLOTS =: extra'],
    ['an answer without a payload', 'GET_CONFIG and reply', { payload: '' }, 'GET_CONFIG =: size 69 -> 0'],
    ['a close at the kick', 'SET_VRING_KICK', { close: 'before' }, 'closed after'],
  ])('%s is told', async (_, when, fault, deviation) => {
    const folder = scenarioFolder('replay-fault');
    const [back, front] = [socketPath(folder, 'back'), socketPath(folder, 'front')];
    const rules = join(folder, 'fault.yaml');
    writeFileSync(rules, JSON.stringify({ rules: [{ when, do: fault }] }));
    const daemon = new Program('the daemon', storageDaemon(back, newDisk(join(folder, 'disk'))), {
      log: join(folder, 'back.log'),
    });
    expect(await listening(back, 30, () => daemon.alive), daemon.output).toBe(true);
    const command = ['proxy', front, back, '--rules', rules, '-w', join(folder, 'c.pcapng'), '--device', 'blk'];
    const proxy = new Program('the proxy', [process.execPath, vhuscope, ...command], {
      log: join(folder, 'proxy.log'),
    });
    expect(await appears(front, 15, () => proxy.alive), proxy.output).toBe(true);
    const replay = replaying(folder, recording('blk'), '--to', front, '--wait', '1000');
    const status = await replay.end();
    // What follows from a fault is told as well; where a close is noticed first depends on the moment.
    const [first = ''] = verdictOf(replay).deviations.map(({ key }) => key);
    expect(first.slice(0, deviation?.length)).toBe(deviation ?? '');
    expect(status).toBe(deviation === undefined ? 0 : 1);
  });
});

describe('the back-end of a recording', () => {
  afterEach(stopAll);

  /** A whole life of a guest: it finds the device, gets errors for its requests, and ends by itself. */
  async function playedFor(
    capture: string,
    machine: Machine,
    ...options: string[]
  ): Promise<{ guest: string; verdict: Verdict }> {
    const folder = scenarioFolder(`replay-for-qemu-${capture}`);
    const socket = socketPath(folder, 'front');
    const replay = replaying(folder, recording(capture), '--listen', socket, ...options);
    expect(await appears(socket, 15, () => replay.alive), replay.output).toBe(true);
    const program = new Program('QEMU', qemu(socket, machine), { log: join(folder, 'qemu.log') });
    expect(await program.end(), program.output).toBe(0);
    await replay.end();
    return { guest: program.output, verdict: verdictOf(replay) };
  }

  it.each<[string, Machine, RegExp, string]>([
    [
      'blk',
      { device: devices.blk, tasks: 'blk_seen,blk' },
      /vda has 131072 sectors of 512 bytes, discards 16777216[\s\S]*guest: blk failed/,
      'answered with an I/O error',
    ],
    ['fs', { device: devices.fs, tasks: 'fs' }, /guest: fs failed/, 'answered with an I/O error'],
    [
      'net',
      { device: devices.net(), tasks: 'net' },
      /3 packets transmitted, 0 packets received[\s\S]*guest: net failed/,
      'are taken and dropped',
    ],
  ])(
    'is the %s of a QEMU, whose guest sees it, gets nothing from it and goes on',
    async (capture, machine, seen, said) => {
      const { guest, verdict } = await playedFor(capture, machine);
      expect(guest).toMatch(seen);
      expect(verdict).toMatchObject({ same: true, unreached: 0, end: { how: 'closed', asRecorded: true } });
      expect(verdict.counts).toMatchObject({ missing: 0, extra: 0, late: 0 });
      expect(verdict.remarks).toEqual([expect.stringMatching(new RegExp(`^\\d+ in the rings: .*${said}`))]);
    },
  );

  it('serves nothing where nothing may be adapted; a guest that waits is free once the replay is stopped', async () => {
    const folder = scenarioFolder('replay-strict-for-qemu');
    const [socket, monitor] = [socketPath(folder, 'front'), socketPath(folder, 'qmp')];
    const replay = replaying(folder, recording('blk'), '--listen', socket, '--strict');
    expect(await appears(socket, 15, () => replay.alive), replay.output).toBe(true);
    const machine = qemu(socket, { device: devices.blk, tasks: 'blk_seen', qmp: monitor });
    const program = new Program('QEMU', machine, { log: join(folder, 'qemu.log') });
    await replay.prints(/"name":"SET_VRING_ENABLE"/);
    replay.signal('SIGINT');
    await replay.end();
    expect(verdictOf(replay)).toMatchObject({ end: { how: 'stopped' }, remarks: [] });
    expect(program.output).not.toMatch(/guest: up/);
    const qmp = await Qmp.connect(monitor);
    expect(await qmp.execute('query-status')).toMatchObject({ status: 'running' });
    await qmp.execute('quit').catch(() => {});
    qmp.close();
    expect(await program.end(10)).toBe(0);
  });
});
