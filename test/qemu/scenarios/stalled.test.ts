/** A recorder that stands still: a guest moves with the state of its device while the disk under the capture is frozen. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FreezableDisk } from '../freezable.ts';
import { migrate } from '../migrate.ts';
import { Pair } from '../pair.ts';
import { devices, newShare, qemu, rustVirtiofsd } from '../peers.ts';
import { stopAll } from '../programs.ts';
import { scenarioFolder, socketPath } from '../rig.ts';

const machine = { debian: 'trixie', tasks: 'fs_rounds', times: 10, device: devices.fs } as const;

describe('a guest moves with the state of its file system', () => {
  let disk: FreezableDisk | undefined;
  afterEach(async () => {
    // Who writes to a frozen disk cannot be ended.
    disk?.thaw();
    await stopAll();
    disk?.close();
    disk = undefined;
  });
  const took = { awake: 0, frozen: 0 };

  it.each(['awake', 'frozen'] as const)('while the disk under the recordings is %s', async state => {
    const folder = scenarioFolder(`stalled-${state}`);
    disk = new FreezableDisk(join(folder, 'captures.img'), join(folder, 'captures'));
    const [source, destination] = ['source', 'destination'].map(
      name => new Pair('', { folder, name, captures: disk?.folder as string }),
    ) as [Pair, Pair];
    const share = newShare(scenarioFolder('stalled-share'));
    for (const pair of [source, destination]) {
      await pair.start('back-end', rustVirtiofsd(pair.backSocket, share));
      await pair.startProxy();
    }
    const monitors = { source: socketPath(folder, 'source.qmp'), destination: socketPath(folder, 'destination.qmp') };
    const from = await source.start('front-end', qemu(source.frontSocket, { ...machine, qmp: monitors.source }));
    const more = ['-incoming', 'defer'];
    const to = await destination.start(
      'front-end',
      qemu(destination.frontSocket, { ...machine, qmp: monitors.destination, more }),
    );
    await from.prints(/guest: round 2 ok/);
    const before = readFileSync(source.capture).length;
    if (state === 'frozen') disk.freeze();
    const began = performance.now();
    await migrate(monitors.source, monitors.destination, `${folder}/stream`);
    await to.prints(/guest: fs_rounds ok/);
    took[state] = performance.now() - began;
    expect(await from.end()).toBe(0);
    expect(await to.end()).toBe(0);
    // Nothing was recorded meanwhile; everything is, once the disk is there again.
    if (state === 'frozen') expect(readFileSync(source.capture).length).toBeLessThan(before + 4096);
    disk.thaw();
    for (const pair of [source, destination]) await pair.stopProxy();
    await stopAll();
    for (const pair of [source, destination]) expect(pair.differences()).toEqual([]);
    expect(source.captured('SET_DEVICE_STATE_FD')).toBe(true);
    if (state === 'frozen') expect(took.frozen, 'in ms, frozen').toBeLessThan(1.5 * took.awake + 3000);
    console.info(`${state}: ${(took[state] / 1000).toFixed(1)} s`);
  });
});
