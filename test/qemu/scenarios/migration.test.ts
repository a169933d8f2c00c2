import { afterEach, describe, expect, it } from 'vitest';
import { keep } from '../corpus.ts';
import { diagnosed } from '../diagnosed.ts';
import { migrate } from '../migrate.ts';
import { Pair } from '../pair.ts';
import { devices, type Machine, netVhost, newDisk, newShare, qemu, rustVirtiofsd, storageDaemon } from '../peers.ts';
import { run, stopAll } from '../programs.ts';
import { scenarioFolder, socketPath } from '../rig.ts';
import { vhuscope } from '../vhuscope.ts';

/** What migrates, and how its two back-ends start. */
interface Row {
  kind: string;
  machine: Machine;
  backEnds(source: Pair, destination: Pair): Promise<unknown>;
  shows: string[];
}

const rows: Row[] = [
  {
    kind: 'net',
    machine: { tasks: 'net_rounds', device: devices.net() },
    backEnds: async (source, destination) => {
      // One testpmd serves both: it answers the guest wherever that runs.
      await source.start('back-end', netVhost([source.backSocket, destination.backSocket]));
      destination.traces['back-end'].push(...source.traces['back-end']);
    },
    shows: ['SET_LOG_BASE', 'SET_VRING_ADDR', 'GET_VRING_BASE'],
  },
  {
    kind: 'blk',
    machine: { tasks: 'blk_rounds', device: devices.blk },
    backEnds: async (source, destination) => {
      const disk = newDisk(`${source.folder}/disk`);
      await source.start('back-end', storageDaemon(source.backSocket, disk));
      await destination.start('back-end', storageDaemon(destination.backSocket, disk));
    },
    shows: ['SET_LOG_BASE', 'GET_VRING_BASE'],
  },
  {
    kind: 'fs',
    machine: { debian: 'trixie', tasks: 'fs_rounds', device: devices.fs },
    backEnds: async (source, destination) => {
      const share = newShare(scenarioFolder('migration-fs-share'));
      await source.start('back-end', rustVirtiofsd(source.backSocket, share));
      await destination.start('back-end', rustVirtiofsd(destination.backSocket, share));
    },
    shows: ['SET_DEVICE_STATE_FD', 'CHECK_DEVICE_STATE'],
  },
];

describe('a running guest moves to another QEMU', () => {
  afterEach(stopAll);

  it.each(rows)('$kind', async ({ kind, machine, backEnds, shows }) => {
    const folder = scenarioFolder(`migration-${kind}`);
    const source = new Pair('', { folder, name: 'source' });
    const destination = new Pair('', { folder, name: 'destination' });
    await backEnds(source, destination);
    await source.startProxy();
    await destination.startProxy();
    const monitors = { source: socketPath(folder, 'source.qmp'), destination: socketPath(folder, 'destination.qmp') };
    const from = await source.start(
      'front-end',
      qemu(source.frontSocket, { ...machine, times: 10, qmp: monitors.source }),
    );
    const to = await destination.start(
      'front-end',
      qemu(destination.frontSocket, {
        ...machine,
        times: 10,
        qmp: monitors.destination,
        more: ['-incoming', 'defer'],
      }),
    );
    await from.prints(/guest: round 2 ok/);
    await migrate(monitors.source, monitors.destination, `${folder}/stream`);
    expect(await from.end()).toBe(0);
    await to.prints(new RegExp(`guest: ${machine.tasks} ok`));
    expect(to.output).toMatch(/guest: round 9 ok/);
    expect(await to.end()).toBe(0);
    await source.stopProxy();
    await destination.stopProxy();
    await stopAll();
    expect(source.differences()).toEqual([]);
    expect(destination.differences()).toEqual([]);
    expect(shows.filter(name => !source.captured(name))).toEqual([]);
    for (const { capture } of [source, destination])
      expect(diagnosed(capture).findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    // Both sides held against each other: exit status 1 would be an error in one, or something that was not handed over.
    run(process.execPath, [vhuscope, 'check', '--migration', source.capture, destination.capture]);
    keep(source, `migration-${kind}-source`, [
      `Live migration, ${kind}: the source`,
      'Dirty logging is switched on while the guest runs, the rings are stopped, and the back-end is left alone.',
      `[The other side](migration-${kind}-destination.md) was recorded at the same time.`,
    ]);
    keep(destination, `migration-${kind}-destination`, [
      `Live migration, ${kind}: the destination`,
      'The device is prepared while the guest still runs elsewhere; its rings start where they stopped there.',
      `[The other side](migration-${kind}-source.md) was recorded at the same time.`,
    ]);
  });
});
