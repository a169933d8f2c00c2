import { afterEach, describe, expect, it } from 'vitest';
import { keep } from '../corpus.ts';
import { Pair } from '../pair.ts';
import { devices, newDisk, qemu, storageDaemon } from '../peers.ts';
import { stopAll } from '../programs.ts';

const blk = { device: devices.blk } as const;

describe('restarts', () => {
  afterEach(stopAll);

  it('the guest reboots: one connection, the device stopped and started', async () => {
    const pair = new Pair('reboot');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { ...blk, tasks: 'blk,reboot_once', reboots: true }),
    );
    await machine.prints(/guest: reboot_once ok/);
    expect(await machine.end()).toBe(0);
    expect(await pair.settled()).toEqual([]);
    expect(pair.conversations('front-end')).toHaveLength(1);
    keep(pair, 'reboot', [
      'The guest reboots',
      'No message says "reset": QEMU stops the rings (GET_VRING_BASE) and sets everything up again on the same connection,',
      'once for the firmware and once for Linux in each of the two boots.',
    ]);
  });

  it('the back-end is killed and started again: QEMU reconnects, the capture has two epochs', async () => {
    const pair = new Pair('reconnect');
    const disk = newDisk(`${pair.folder}/disk`);
    const backEnd = await pair.start('back-end', storageDaemon(pair.backSocket, disk));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { ...blk, tasks: 'blk_rounds', times: 8, chardev: 'reconnect=1' }),
    );
    await machine.prints(/guest: round 2 ok/);
    backEnd.signal('SIGKILL');
    await backEnd.end();
    await pair.start('back-end', storageDaemon(pair.backSocket, disk));
    await machine.prints(/guest: round 7 ok/);
    expect(await machine.end()).toBe(0);
    expect(await pair.settled()).toEqual([]);
    expect(pair.conversations('front-end')).toHaveLength(2);
    keep(pair, 'reconnect', [
      'The back-end is killed and started again',
      'qemu-storage-daemon gets SIGKILL while the guest writes, and another one takes its place. QEMU connects again',
      '(reconnect=1), so the capture has two epochs; the guest loses nothing.',
    ]);
  });

  it('QEMU starts before the back-end: with reconnect it waits, then finds it', async () => {
    const pair = new Pair('early');
    await pair.startProxy('is absent');
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { ...blk, tasks: 'blk', chardev: 'reconnect=1' }),
    );
    await expect(machine.prints(/guest: up/, 4)).rejects.toThrow('within 4 s');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await machine.prints(/guest: blk ok/);
    expect(await machine.end()).toBe(0);
    expect(await pair.settled()).toEqual([]);
    expect(pair.conversations('front-end')).toHaveLength(1);
    keep(pair, 'early', [
      'QEMU is started before its back-end',
      'With reconnect=1 QEMU tries once a second. While no back-end listens, vhuscope does not listen either, so QEMU sees',
      'what it would see without vhuscope, and finds the back-end as soon as it is there.',
    ]);
  });
});
