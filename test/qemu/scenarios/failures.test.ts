/** What goes wrong with real programs, recorded and diagnosed right. */
import { afterEach, describe, expect, it } from 'vitest';
import { untilClosed } from '../../../src/peers/script.ts';
import { blockBackEnd, blockConfig } from '../../../src/peers/traits.ts';
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
    await pair.stopProxy();
    expect(pair.records().filter(({ type }) => type === 'request')).toEqual([]);
    expect(verdicts(pair)).toEqual(['back-end-absent']);
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
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toEqual(['peer-died']);
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
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toEqual(['peer-died']);
    expect(pair.differences()).toEqual([]);
  });

  it('the front-end wants more queues than the back-end has', async () => {
    const pair = new Pair('failure-queues');
    await pair.start('back-end', disk(pair));
    await pair.startProxy();
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: blk(8) }));
    expect(await machine.end()).toBe(1);
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toEqual(['too-many-queues']);
    expect(pair.differences()).toEqual([]);
  });

  it('a disk is expected behind the socket of a file system', async () => {
    const pair = new Pair('failure-device');
    await pair.start('back-end', virtiofsd(pair.backSocket, newShare(pair.folder)));
    await pair.startProxy();
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: devices.blk }));
    expect(await machine.end()).toBe(1);
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toEqual(['config-missing']);
  });

  it('a file system is expected behind the socket of a disk', async () => {
    const pair = new Pair('failure-device-fs');
    await pair.start('back-end', disk(pair));
    await pair.startProxy();
    const machine = await pair.start('front-end', qemu(pair.frontSocket, { tasks: 'idle', device: devices.fs }));
    await machine.prints(/Failed to|guest: done/);
    await machine.stop();
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toEqual(['too-many-queues']);
    expect(pair.differences({ 'back-end': { unread: 8 } })).toEqual([]);
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
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toEqual(['iommu-unsupported']);
    expect(pair.differences()).toEqual([]);
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
    await pair.stopProxy();
    await peer.ended;
    expect(verdicts(pair)).toEqual(['not-migratable']);
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
    await pair.stopProxy();
    await stopAll();
    expect(verdicts(pair)).toContain('memory-slots-exhausted');
    expect(pair.differences()).toEqual([]);
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
    await pair.stopProxy();
    expect(verdicts(pair)).toContain('offer-shrank');
  });
});
