/** Sessions whose descriptors are rare, recorded from real peers and played to real back-ends. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freeHugePages, withHugePages } from '../huge-pages.ts';
import { migratePostcopy } from '../migrate.ts';
import { Pair } from '../pair.ts';
import { devices, netVhost, newDisk, qemu, storageDaemon } from '../peers.ts';
import { Program, stopAll } from '../programs.ts';
import { replaying, toldOf, verdictOf } from '../replaying.ts';
import { listening, scenarioFolder, socketPath } from '../rig.ts';

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
