/** What goes wrong with real programs, recorded, diagnosed right, and kept in `captures/`. */
import { afterEach, describe, expect, it } from 'vitest';
import { untilClosed } from '../../../src/peers/script.ts';
import { blockBackEnd, blockConfig } from '../../../src/peers/traits.ts';
import { keep } from '../corpus.ts';
import { diagnosed } from '../diagnosed.ts';
import { Pair } from '../pair.ts';
import { devices, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from '../peers.ts';
import { stopAll } from '../programs.ts';
import { Qmp } from '../qmp.ts';
import { socketPath } from '../rig.ts';

const { startPeer } = (await import(
  '../../../dist/peers/start.js' as string
)) as typeof import('../../../src/peers/start.ts');

/** Ids of what `check` says about a pair's capture, each once. */
function verdicts(pair: Pair): string[] {
  return [...new Set(diagnosed(pair.capture).verdicts.map(({ id }) => id))];
}

const disk = (pair: Pair) => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`));
const blk = (queues: number) => ['-device', `vhost-user-blk-pci,chardev=vhost,num-queues=${queues}`];

/** A simulated disk of 8 MiB on a pair's socket, connection by connection. */
function simulatedDisk(pair: Pair, changes: Parameters<typeof blockBackEnd>[0] = {}, connections = 1) {
  const bytes = 8 << 20;
  return startPeer({
    ...{ side: 'back-end', socket: 'listen', address: { path: pair.backSocket }, patience: 60_000, goesOn: true },
    traits: blockBackEnd({
      ...{
        config: blockConfig(bytes),
        personality: { kind: 'block', bytes, begins: Buffer.from('hello from the host') },
      },
      ...changes,
    }),
    scripts: Array.from({ length: connections }, () => [untilClosed()]),
  });
}

describe('what goes wrong', () => {
  afterEach(stopAll);

  it('the back-end was not started', async () => {
    const pair = new Pair('failure-absent');
    await pair.startProxy('is absent');
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: devices.blk }));
    expect(await machine.end()).toBe(1);
    expect(machine.output).toMatch(/Failed to connect/);
    expect(await pair.settled()).toEqual([]);
    expect(pair.records().filter(({ type }) => type === 'request')).toEqual([]);
    expect(verdicts(pair)).toEqual(['back-end-absent']);
    keep(pair, 'failures/absent', [
      'The back-end was not started',
      'vhuscope finds nobody at the back-end\'s socket and says so; QEMU finds nobody at its own, says "Failed to connect"',
      'and ends with status 1. No connection came about, so the recording has no message.',
    ]);
  });

  it('the back-end is killed in the middle of the negotiation', async () => {
    const pair = new Pair('failure-killed-early');
    const backEnd = await pair.start('back-end', disk(pair));
    await pair.startProxy();
    // It is stopped before it can answer, so that the request it dies over is always the same.
    backEnd.signal('SIGSTOP');
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: devices.blk }));
    await expect(machine.prints(/Failed|guest: up/, 3)).rejects.toThrow('within 3 s');
    backEnd.signal('SIGKILL');
    await machine.prints(/Failed to read msg header/);
    await machine.stop();
    // The back-end had not even accepted the connection, which the kernel had made in its name.
    expect(await pair.settled({}, ['front-end'])).toEqual([]);
    expect(verdicts(pair)).toEqual(['peer-died']);
    keep(pair, 'failures/killed-early', [
      'The back-end is killed in the middle of the negotiation',
      'The disk hangs before it accepts the connection: the first GET_FEATURES is not answered. After three seconds the disk',
      'is killed, and QEMU says "Failed to read msg header. Read 0 instead of 12. Original request 1."',
    ]);
    expect(diagnosed(pair.capture).verdicts[0]?.what).toMatch(/^the back-end is gone .* after GET_FEATURES\(1\)/);
  });

  it('the back-end is killed while the guest uses it', async () => {
    const pair = new Pair('failure-killed');
    const backEnd = await pair.start('back-end', disk(pair));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'blk_rounds', times: 9, device: devices.blk }),
    );
    await machine.prints(/guest: round 1 ok/);
    backEnd.signal('SIGKILL');
    await machine.prints(/Failed to (set|write|read) msg/);
    await machine.stop();
    expect(await pair.settled()).toEqual([]);
    expect(verdicts(pair)).toEqual(['peer-died']);
    keep(pair, 'failures/killed', [
      'The back-end is killed while the guest uses it',
      'The guest reads and writes its disk when qemu-storage-daemon is killed with SIGKILL. QEMU has no reconnect set: it',
      'tries to stop the rings of a connection that is gone, and the disk stays away.',
    ]);
  });

  it('the front-end wants more queues than the back-end has', async () => {
    const pair = new Pair('failure-queues');
    await pair.start('back-end', disk(pair));
    await pair.startProxy();
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: blk(8) }));
    expect(await machine.end()).toBe(1);
    expect(await pair.settled()).toEqual([]);
    expect(verdicts(pair)).toEqual(['too-many-queues']);
    keep(pair, 'failures/queues', [
      'More queues are wanted than the back-end has',
      'QEMU is started with num-queues=8, the disk offers fewer. QEMU compares GET_QUEUE_NUM with what it was asked for,',
      'closes the connection and ends with status 1.',
    ]);
  });

  it('a disk is expected behind the socket of a file system', async () => {
    const pair = new Pair('failure-device');
    await pair.start('back-end', virtiofsd(pair.backSocket, newShare(pair.folder)));
    await pair.startProxy();
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: devices.blk }));
    expect(await machine.end()).toBe(1);
    // QEMU tries again when the back-end has ended: what it says then reaches nobody.
    const differences = await pair.settled();
    expect(
      differences.filter(text => !/^1 connections in the capture, \d in the trace of the front-end$/.test(text)),
    ).toEqual([]);
    expect(verdicts(pair)).toEqual(['config-missing']);
    keep(pair, 'failures/device-blk', [
      'A disk is expected behind the socket of a file system',
      'QEMU is started with vhost-user-blk-pci at the socket of virtiofsd, which does not offer CONFIG: QEMU cannot ask for',
      'the size of the disk, and ends with status 1.',
    ]);
  });

  it('a file system is expected behind the socket of a disk', async () => {
    const pair = new Pair('failure-device-fs');
    await pair.start('back-end', disk(pair));
    await pair.startProxy();
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: devices.fs }));
    await machine.prints(/Failed to|guest: done/);
    await machine.stop();
    expect(await pair.settled({ 'back-end': { unread: 8 } })).toEqual([]);
    expect(verdicts(pair)).toEqual(['too-many-queues']);
    keep(pair, 'failures/device-fs', [
      'A file system is expected behind the socket of a disk',
      'QEMU is started with vhost-user-fs-pci at the socket of qemu-storage-daemon. A file system has a queue for high',
      'priority beside that for requests, the disk has one queue: it closes the connection when the second is set up.',
    ]);
  });

  it('the device is put behind an IOMMU that the back-end knows nothing of', async () => {
    const pair = new Pair('failure-iommu');
    await pair.start('back-end', netVhost([pair.backSocket]));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'net', device: devices.netBehindIommu }),
    );
    await machine.prints(/iommu_platform|IOMMU|vhost lacks/);
    await pair.proxyPrints(/front-end's process \d+ has exited/);
    expect(await pair.settled()).toEqual([]);
    expect(verdicts(pair)).toEqual(['iommu-unsupported']);
    keep(pair, 'failures/iommu', [
      'The device is put behind an IOMMU that the back-end knows nothing of',
      "QEMU is started with iommu_platform=on, DPDK's net_vhost without iommu-support=1: ACCESS_PLATFORM is not among the",
      'features it offers, and QEMU ends before it has acknowledged any.',
    ]);
  });

  it('a migration is asked of a back-end without LOG_SHMFD', async () => {
    const pair = new Pair('failure-migration');
    const { protocol, virtio } = blockBackEnd().offers;
    const peer = simulatedDisk(pair, { offers: { virtio, protocol: protocol.filter(name => name !== 'LOG_SHMFD') } });
    await peer.ready;
    await pair.startProxy();
    const monitor = socketPath(pair.folder, 'qmp');
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'blk_rounds', times: 9, device: devices.blk, qmp: monitor }),
    );
    await machine.prints(/guest: round 1 ok/);
    const qmp = await Qmp.connect(monitor);
    await expect(qmp.execute('migrate', { uri: 'exec:cat >/dev/null' })).rejects.toThrow(/LOG_SHMFD/);
    await qmp.execute('quit').catch(() => {});
    qmp.close();
    await machine.end();
    expect(await pair.settled({}, ['front-end'])).toEqual([]);
    await peer.ended;
    expect(verdicts(pair)).toEqual(['not-migratable']);
    keep(pair, 'failures/migration', [
      'A migration is asked of a back-end without LOG_SHMFD',
      'The guest uses its disk, and QEMU is told to migrate: "Migration disabled: vhost-user backend lacks',
      'VHOST_USER_PROTOCOL_F_LOG_SHMFD feature." Every back-end at hand has that feature, so the disk is the simulated one',
      'of vhuscope, told to leave it out.',
    ]);
  });

  it('the back-end holds no more memory regions', async () => {
    const pair = new Pair('failure-slots');
    const monitor = socketPath(pair.folder, 'qmp');
    await pair.start('back-end', netVhost([pair.backSocket]));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, {
        ...{
          tasks: 'online,net_rounds',
          times: 30,
          device: devices.net(),
          slots: '256M,slots=16,maxmem=4G',
          qmp: monitor,
        },
      }),
    );
    await machine.prints(/guest: round 0 ok/);
    const qmp = await Qmp.connect(monitor);
    const plug = async (number: number) => {
      const memory = { 'qom-type': 'memory-backend-memfd', id: `more${number}`, size: 128 << 20, share: true };
      await qmp.execute('object-add', memory);
      await qmp.execute('device_add', { driver: 'pc-dimm', id: `dimm${number}`, memdev: `more${number}` });
    };
    let plugged = 0;
    await expect(
      (async () => {
        for (; plugged < 12; plugged++) await plug(plugged);
      })(),
    ).rejects.toThrow(/no free memory slots/);
    expect(plugged).toBeLessThan(8);
    await qmp.execute('quit').catch(() => {});
    qmp.close();
    await machine.end();
    expect(await pair.settled()).toEqual([]);
    // On a busy machine a table may take long, which is told as well.
    expect(verdicts(pair)).toContain('memory-slots-exhausted');
    keep(pair, 'failures/slots', [
      'The back-end holds no more memory regions',
      'DIMMs of 128 MiB are added while the guest sends packets. DPDK 22.11 does not offer CONFIGURE_MEM_SLOTS, so that a',
      'table of eight regions is all there is: QEMU refuses the next one with "no free memory slots".',
    ]);
  });

  it('a back-end comes back with fewer features', async () => {
    const pair = new Pair('failure-features');
    const first = simulatedDisk(pair);
    await first.ready;
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, { tasks: 'blk_rounds', times: 8, device: devices.blk, chardev: 'reconnect=1' }),
    );
    await machine.prints(/guest: round 1 ok/);
    first.stop();
    await first.ended;
    const { protocol } = blockBackEnd().offers;
    const second = simulatedDisk(pair, { offers: { virtio: ['PROTOCOL_FEATURES', 'VERSION_1'], protocol } });
    // QEMU does not look at what is missing, and goes on.
    await machine.prints(/guest: round 7 ok/);
    expect(await machine.end()).toBe(0);
    await second.ended;
    expect(await pair.settled({}, ['front-end'])).toEqual([]);
    expect(verdicts(pair)).toContain('offer-shrank');
    keep(pair, 'failures/features', [
      'A back-end comes back with fewer features',
      'The disk goes away while the guest uses it, and what comes back no longer offers what the guest has negotiated. QEMU',
      'does not look at it and goes on. The disk is the simulated one of vhuscope, started anew with other features.',
    ]);
  });
});
