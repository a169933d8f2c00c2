import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { isOf, older, type Version } from '../../../src/decode/dialects/evidence.ts';
import { habits, shown } from '../../../src/decode/dialects/habits.ts';
import {
  type Identity,
  identify,
  identitySentence,
  type Peers,
  unknownPeers,
  withMessage,
  withProgram,
} from '../../../src/decode/dialects/peers.ts';
import { dialectOfProgram } from '../../../src/decode/dialects/programs.ts';
import type { Dialect } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import type { Connection } from '../../../src/decode/session/connection.ts';
import { Connections } from '../../../src/decode/session/connections.ts';
import type { Side } from '../../../src/decode/side.ts';
import { stepsOf } from '../recording.ts';

const folder = resolve(import.meta.dirname, '../../../captures');
const captures = readdirSync(folder)
  .filter(name => name.endsWith('.pcapng'))
  .map(name => name.replace('.pcapng', ''));

/** The connections of a capture at its end, with or without what vhuscope noted about the peers. */
function connectionsOf(capture: string, told: 'all' | 'wire alone'): Connection[] {
  const connections = new Connections();
  for (const frame of readCapture(join(folder, `${capture}.pcapng`))) {
    const { frontEnd: _, backEnd: __, ...context } = frame.context;
    const bare = told === 'all' ? frame : { ...frame, context };
    if (frame.kind === 'message') connections.message(bare, decodeFrame(bare));
    else if (frame.kind === 'event' && told === 'all') connections.event(frame);
  }
  return connections.all();
}

const peersOf = (lines: string | readonly string[]): Peers =>
  stepsOf(lines).reduce((peers, step) => withMessage(peers, step), unknownPeers);

/** What the programs are that made a recording, where that is not QEMU 7.2 and qemu-storage-daemon 7.2. */
const made: { readonly [capture: string]: readonly [front: Dialect, back: Dialect, backFamily?: Dialect] } = {
  fs: ['qemu', 'libvhost-user'],
  'qemu10-fs': ['qemu', 'libvhost-user'],
  'qemu10-gpu': ['qemu', 'libvhost-user'],
  'qemu10-iommu': ['qemu', 'dpdk'],
  'rust-virtiofsd': ['qemu', 'rust-vmm'],
  'migration-fs-destination': ['qemu', 'rust-vmm'],
  'migration-fs-source': ['qemu', 'rust-vmm'],
  'migration-net-destination': ['qemu', 'dpdk'],
  'migration-net-source': ['qemu', 'dpdk'],
  net: ['qemu', 'dpdk'],
  'net-front-end-listens': ['qemu', 'dpdk'],
  'unshared-net': ['qemu', 'dpdk'],
  'virtio-user': ['dpdk', 'dpdk'],
  'virtio-user-listens': ['dpdk', 'dpdk'],
};
const qemuVersion = (capture: string): Version => (/qemu10|migration-fs/.test(capture) ? [10, 0] : [7, 2]);

const fits = (version: Version, { since, before }: Identity) =>
  (since === undefined || !older(version, since)) && (before === undefined || older(version, before));

describe.each(captures)('%s', capture => {
  const [front, back] = made[capture] ?? (['qemu', 'qemu-storage-daemon'] as const);

  it('is known by its programs', () => {
    for (const { peers } of connectionsOf(capture, 'all')) {
      const backEnd = identify(peers, 'back-end');
      expect(identify(peers, 'front-end')).toMatchObject({ dialect: front, by: expect.stringMatching(/program|note/) });
      // The Rust virtiofsd has the name of the one in C; without a version only its habits tell.
      expect(backEnd.dialect).toBe(back);
      expect(backEnd.by).toBe(back === 'rust-vmm' ? 'habits' : 'program');
    }
  });

  it('is known by its habits alone', () => {
    for (const { peers } of connectionsOf(capture, 'wire alone')) {
      const frontEnd = identify(peers, 'front-end');
      expect(frontEnd).toMatchObject({ dialect: front, by: 'habits', program: undefined });
      expect(
        isOf(back, identify(peers, 'back-end').dialect as Dialect),
        identitySentence(identify(peers, 'back-end')),
      ).toBe(true);
      if (front === 'qemu') expect(fits(qemuVersion(capture), frontEnd), identitySentence(frontEnd)).toBe(true);
    }
  });
});

describe('the version of QEMU', () => {
  it.each([
    ['fs', '7.2 or later'],
    ['qemu10-fs', '8.2 or later'],
    ['rust-virtiofsd', '7.2 or later, before 8.2'],
    ['net', '7.2 or later'],
  ])('is narrowed down in %s', (capture, expected) => {
    const [connection] = connectionsOf(capture, 'wire alone');
    expect(identitySentence(identify((connection as Connection).peers, 'front-end'))).toContain(`QEMU ${expected}: `);
  });
});

describe('habits on the wire', () => {
  it.each([
    ['dpdk', '< 06000000 05000000 00000000'],
    ['libvhost-user', '< 06000000 05000000 08000000 0000080000000000'],
    ['rust-vmm', '< 06000000 05000000 10000000 0000080000000000 0000000000000000'],
    ['libvhost-user', '< 01000000 0d000000 08000000 0000000000000000'],
    ['passt', '< 0f000000 05000000 08000000 0800000000000000'],
    ['vpp', '< 0f000000 05000000 08000000 0300000000000000'],
    ['spdk', '< 0f000000 05000000 08000000 1e02000000000000'],
  ])('tell a %s back-end', (dialect, line) => {
    expect(identify(peersOf([line]), 'back-end')).toMatchObject({ dialect, by: 'habits', habits: [{ n: 1 }] });
    expect(identify(peersOf([line]), 'front-end').dialect).toBeUndefined();
  });

  it.each([
    ['rust-vmm', ['> 01000000 09000000 00000000']],
    ['uml', [`> 05000000 01000000 48000000 0100000000000000 ${'00'.repeat(64)} memfd`]],
    ['dpdk', ['> 27000000 09000000 08000000 0b00000000000000']],
    ['qemu', ['> 29000000 01000000 00000000']],
    [
      'cloud-hypervisor',
      ['> 0c000000 01000000 08000000 0000000000000000 eventfd', '> 15000000 01000000 00000000 socket'],
    ],
  ] as const)('tell a %s front-end', (dialect, lines) => {
    expect(identify(peersOf(lines), 'front-end').dialect).toBe(dialect);
  });

  it('count once', () => {
    const once = '< 06000000 05000000 00000000';
    expect(peersOf([once, once])['back-end'].habits).toHaveLength(1);
  });

  it('each have words of their own', () => {
    const words = habits.map(one => `${one.side} ${one.text}`);
    expect(new Set(words).size).toBe(words.length);
  });

  it('are silent on what everybody does', () => {
    expect(stepsOf(['> 01000000 01000000 00000000']).flatMap(shown)).toEqual([]);
  });
});

describe('programs', () => {
  it.each([
    ['front-end', '/usr/bin/qemu-system-x86_64', undefined, 'qemu'],
    ['back-end', '/usr/bin/qemu-system-x86_64', undefined, undefined],
    ['back-end', '/usr/bin/qemu-storage-daemon', undefined, 'qemu-storage-daemon'],
    ['front-end', '/usr/bin/dpdk-testpmd', undefined, 'dpdk'],
    ['back-end', '/usr/bin/dpdk-testpmd (deleted)', undefined, 'dpdk'],
    ['back-end', '/usr/sbin/ovs-vswitchd', undefined, 'dpdk'],
    ['back-end', '/usr/lib/qemu/virtiofsd', undefined, 'libvhost-user'],
    ['back-end', '/usr/libexec/virtiofsd', '7.2.22', 'libvhost-user'],
    ['back-end', '/usr/libexec/virtiofsd', '1.13.2', 'rust-vmm'],
    ['back-end', '/usr/libexec/virtiofsd', undefined, undefined],
    ['back-end', '/usr/bin/vhost-device-vsock', undefined, 'rust-vmm'],
    ['back-end', '/bin/cat', undefined, undefined],
  ] as const)('%s %s %s', (side: Side, executable, version, dialect) => {
    expect(dialectOfProgram({ executable, version }, side)).toBe(dialect);
  });

  it('are known by a command name that was cut', () => {
    expect(dialectOfProgram({ comm: 'qemu-system-x86' }, 'front-end')).toBe('qemu');
    expect(dialectOfProgram({ comm: 'qemu-storage-da' }, 'back-end')).toBe('qemu-storage-daemon');
  });

  it('decide against a habit', () => {
    const peers = peersOf(['< 06000000 05000000 08000000 0000080000000000']);
    const known = withProgram(peers, 'back-end', { executable: '/usr/bin/vhost-device-vsock' }, 9);
    expect(identify(known, 'back-end')).toMatchObject({ dialect: 'rust-vmm', by: 'program', habits: [] });
    expect(identitySentence(identify(known, 'back-end'))).toBe('rust-vmm: runs vhost-device-vsock');
    expect(identitySentence(identify(unknownPeers, 'front-end'))).toBe('not known');
  });
});
