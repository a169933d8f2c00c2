/** Sessions whose descriptors are rare, recorded from real peers and played to real back-ends. */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freeHugePages, withHugePages } from '../huge-pages.ts';
import { migrate, migratePostcopy } from '../migrate.ts';
import { Pair } from '../pair.ts';
import { devices, type Machine, netVhost, newDisk, newShare, qemu, rustVirtiofsd, storageDaemon } from '../peers.ts';
import { Program, stopAll } from '../programs.ts';
import { replaying, toldOf, verdictOf } from '../replaying.ts';
import { appears, listening, scenarioFolder, socketPath } from '../rig.ts';

/** A back-end of its own for a replay. */
async function backEnd(folder: string, command: (socket: string) => string[]): Promise<[Program, string]> {
  const socket = socketPath(folder, 'other');
  const program = new Program('the back-end', command(socket), { log: join(folder, 'other.log') });
  expect(await listening(socket, 30, () => program.alive), program.output).toBe(true);
  return [program, socket];
}

describe('memory on huge pages', () => {
  afterEach(stopAll);
  const memory = 'memory-backend-memfd,id=ram,size=256M,share=on,hugetlb=on,hugetlbsize=2M,prealloc=on';
  const pages = 128;

  it('is made of huge pages, or of others before a back-end could die of a page that is not there', async () => {
    const pair = new Pair('replay-huge-pages', { traced: false });
    const disk = newDisk(join(pair.folder, 'disk'));
    await pair.start('back-end', storageDaemon(pair.backSocket, disk));
    await pair.startProxy();
    await withHugePages(pages, async () => {
      const machine = qemu(pair.frontSocket, { tasks: 'blk', device: devices.blk, memory });
      expect(await (await pair.start('front-end', machine)).end()).toBe(0);
    });
    await pair.stopProxy();
    const [daemon, socket] = await backEnd(pair.folder, at => storageDaemon(at, disk));
    const played = async () => {
      const replay = replaying(pair.folder, pair.capture, '--to', socket);
      expect(await replay.end()).toBe(0);
      expect(daemon.alive, daemon.output).toBe(true);
      return toldOf(replay, 'ADD_MEM_REG').map(({ text, notes }) => `${/fd=\w+:\w+/.exec(text)?.[0]} ${notes}`);
    };
    expect(await withHugePages(pages, played)).toEqual(['fd=hugetlb:256M ']);
    expect(freeHugePages(), 'this test needs a machine with less than 256 MiB in huge pages').toBeLessThan(pages);
    const otherwise = 'memory of ordinary pages: this machine has not enough free huge ones';
    expect(await played()).toEqual([`fd=memfd:256M ${otherwise}`]);
  });
});

describe('postcopy', () => {
  afterEach(stopAll);

  it('is played to DPDK: it gives a userfaultfd, tells its addresses, and finds its rings where they were', async () => {
    const folder = scenarioFolder('replay-postcopy');
    const [source, destination] = ['source', 'destination'].map(
      name => new Pair('', { folder, name, traced: false }),
    ) as [Pair, Pair];
    await source.start('back-end', netVhost([source.backSocket, destination.backSocket], { postcopy: true }));
    await source.startProxy();
    await destination.startProxy();
    const machine = { tasks: 'net_rounds', device: devices.net(), times: 20 };
    const [from, to] = ['source.qmp', 'destination.qmp'].map(name => socketPath(folder, name)) as [string, string];
    const running = await source.start('front-end', qemu(source.frontSocket, { ...machine, qmp: from }));
    await destination.start(
      'front-end',
      qemu(destination.frontSocket, { ...machine, qmp: to, more: ['-incoming', 'defer'] }),
    );
    await running.prints(/guest: round 2 ok/);
    await migratePostcopy(from, to, socketPath(folder, 'stream'));
    for (const pair of [destination, source]) await pair.stopProxy();
    await stopAll();
    expect(['POSTCOPY_ADVISE', 'POSTCOPY_LISTEN'].filter(name => !destination.captured(name))).toEqual([]);

    const [testpmd, socket] = await backEnd(folder, at => netVhost([at], { postcopy: true }));
    const replay = replaying(folder, destination.capture, '--to', socket);
    expect(await replay.end(), replay.output).toBe(0);
    expect(verdictOf(replay)).toMatchObject({ same: true, end: { how: 'played' }, counts: { 'left-out': 0 } });
    expect(toldOf(replay, 'POSTCOPY_ADVISE =')).toMatchObject([{ result: 'same', text: /fd=userfaultfd/ }]);
    expect(testpmd.output).not.toMatch(/mismatches/);
  });
});

describe("a device's state", () => {
  afterEach(stopAll);
  const recorded = (side: string) => resolve(import.meta.dirname, `../../../captures/migration-fs-${side}.pcapng`);

  it('is kept from one virtiofsd and given to another, which would not do without', async () => {
    const folder = scenarioFolder('replay-state');
    const state = join(folder, 'state');
    const played = async (side: string, ...options: string[]) => {
      const [daemon, socket] = await backEnd(folder, at => rustVirtiofsd(at, newShare(folder)));
      const replay = replaying(folder, recorded(side), '--to', socket, ...options);
      expect(await replay.end(), replay.output).toBe(0);
      await daemon.end();
      return { checked: toldOf(replay, 'CHECK_DEVICE_STATE =')[0], said: daemon.output };
    };
    expect((await played('source', '--state-to', state)).checked).toMatchObject({ result: 'same' });
    expect(statSync(state).size).toBeGreaterThan(0);
    expect((await played('destination', '--state-from', state)).checked).toMatchObject({ result: 'same' });
    const without = await played('destination');
    expect(without.checked).toMatchObject({
      differences: [{ because: expect.stringContaining('not in the capture') }],
    });
    expect(without.said).toMatch(/Failed to load state/);
  });

  it('goes from a played back-end through two QEMUs into another', async () => {
    const folder = scenarioFolder('replay-state-qemu');
    const [given, arrived] = [join(folder, 'given'), join(folder, 'arrived')];
    // More than a pipe holds.
    writeFileSync(given, randomBytes(300_000));
    const start = async (side: string, options: string[], more: string[]) => {
      const [socket, qmp] = [socketPath(folder, side), socketPath(folder, `${side}.qmp`)];
      const replay = replaying(folder, recorded(side), '--listen', socket, ...options);
      expect(await appears(socket, 15, () => replay.alive), replay.output).toBe(true);
      const machine: Machine = { debian: 'trixie', device: devices.fs, tasks: 'idle', times: 30, qmp, more };
      return { qmp, program: new Program('QEMU', qemu(socket, machine), { log: join(folder, `${side}.log`) }), replay };
    };
    const from = await start('source', ['--state-from', given], []);
    const to = await start('destination', ['--state-to', arrived], ['-incoming', 'defer']);
    await from.program.prints(/guest: up/);
    await migrate(from.qmp, to.qmp, join(folder, 'stream'));
    to.program.kill();
    await to.replay.end();
    expect(readFileSync(arrived).equals(readFileSync(given))).toBe(true);
  });
});
