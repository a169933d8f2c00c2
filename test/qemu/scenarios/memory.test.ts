import { afterEach, describe, expect, it } from 'vitest';
import { keep } from '../corpus.ts';
import { freeHugePages, withHugePages } from '../huge-pages.ts';
import { Pair } from '../pair.ts';
import { devices, netVhost, newDisk, qemu, storageDaemon } from '../peers.ts';
import { stopAll } from '../programs.ts';
import { Qmp } from '../qmp.ts';
import { socketPath } from '../rig.ts';

const huge = 'memory-backend-memfd,id=ram,size=256M,share=on,hugetlb=on,hugetlbsize=2M,prealloc=on';
const unshared = 'memory-backend-ram,id=ram,size=256M,share=off';

describe('guest memory', () => {
  afterEach(stopAll);

  it('is not shared, net: QEMU falls back to its own virtio', async () => {
    const pair = new Pair('unshared-net');
    await pair.start('back-end', netVhost([pair.backSocket]));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'net', device: devices.net(), memory: unshared }),
    );
    await machine.prints(/falling back on userspace virtio/);
    await machine.prints(/guest: net failed/);
    expect(await machine.end()).toBe(0);
    expect(await pair.settled()).toEqual([]);
    keep(pair, 'unshared-net', [
      'Guest memory is not shared: a network card',
      'QEMU starts with memory-backend-ram, share=off. It negotiates, finds at the start of the device that it has no',
      'memory to announce, says "falling back on userspace virtio", and the guest\'s network is dead.',
    ]);
  });

  it('is not shared, blk: no region is announced, and the back-end gives up', async () => {
    const pair = new Pair('unshared-blk');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'blk', device: devices.blk, memory: unshared }),
    );
    await machine.prints(/Failed to (set msg fds|write msg|read msg)/);
    await machine.stop();
    // What QEMU had sent before it learnt that the back-end was gone, nobody read: the back-end, or not even the relay.
    expect(await pair.settled({ 'back-end': { unread: 4 }, 'front-end': { undelivered: 4 } })).toEqual([]);
    keep(pair, 'unshared-blk', [
      'Guest memory is not shared: a disk',
      'QEMU starts with memory-backend-ram, share=off, and says nothing: no memory region is announced. The back-end cannot',
      'translate the ring addresses of SET_VRING_ADDR and closes the connection; the firmware waits for its disk for ever.',
    ]);
  });

  it('is plugged in and taken out while the device runs', async () => {
    const pair = new Pair('hotplug');
    const monitor = socketPath(pair.folder, 'qmp');
    await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, {
        tasks: 'online,blk_rounds',
        times: 6,
        device: devices.blk,
        slots: '256M,slots=4,maxmem=2G',
        qmp: monitor,
      }),
    );
    await machine.prints(/guest: round 1 ok/);
    const qmp = await Qmp.connect(monitor);
    for (const number of [1, 2]) {
      const options = { 'qom-type': 'memory-backend-memfd', id: `more${number}`, size: 128 << 20, share: true };
      await qmp.execute('object-add', options);
      await qmp.execute('device_add', { driver: 'pc-dimm', id: `dimm${number}`, memdev: `more${number}` });
    }
    await machine.prints(/guest: round 3 ok/);
    await qmp.execute('device_del', { id: 'dimm2' });
    await qmp.until('query-memory-devices', answer => (answer as unknown as unknown[]).length === 1, 20);
    qmp.close();
    await machine.prints(/guest: blk_rounds ok/);
    expect(await machine.end()).toBe(0);
    expect(await pair.settled()).toEqual([]);
    expect(['ADD_MEM_REG', 'REM_MEM_REG'].filter(name => !pair.captured(name))).toEqual([]);
    keep(pair, 'hotplug', [
      'Memory is plugged in and taken out',
      'Two DIMMs of 128 MiB are added while the guest writes to its disk (ADD_MEM_REG, each with its own memfd), and one is',
      'removed again (REM_MEM_REG).',
    ]);
  });

  it('of huge pages is free again as soon as QEMU has ended: no copy of it stays with us', async () => {
    // 256 MiB in pages of 2 MiB
    await withHugePages(128, async () => {
      const free = freeHugePages();
      const pair = new Pair('huge-pages');
      await pair.start('back-end', storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)));
      await pair.startProxy();
      const machine = await pair.start(
        'front-end',
        qemu(pair.frontSocket, { tasks: 'blk', device: devices.blk, memory: huge }),
      );
      await machine.prints(/guest: blk ok/);
      expect(freeHugePages()).toBeLessThan(free);
      expect(await machine.end()).toBe(0);
      for (const deadline = Date.now() + 1000; freeHugePages() < free && Date.now() < deadline; )
        await new Promise(wake => setTimeout(wake, 10));
      expect(freeHugePages()).toBe(free);
      await pair.stopProxy();
      await stopAll();
      // strace shows the file's name, which is that of any other memfd.
      const known = /descriptors hugetlb, in the trace memfd$/;
      expect(pair.differences().filter(difference => !known.test(difference))).toEqual([]);
    });
  });
});
