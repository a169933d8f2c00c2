/** The session that follows from a capture against what QEMU itself says over its monitor at the same moment. */
import { afterEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../../src/capture/reader.ts';
import { featureBits } from '../../../src/decode/features.ts';
import { decodeFrame } from '../../../src/decode/message.ts';
import { merged } from '../../../src/decode/session/memory.ts';
import { fold, newSession, type Session } from '../../../src/decode/session/session.ts';
import { Pair } from '../pair.ts';
import { type Debian, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from '../peers.ts';
import { stopAll } from '../programs.ts';
import { Qmp } from '../qmp.ts';
import { socketPath } from '../rig.ts';

/** What the monitor says of a device; the keys are QEMU's. */
interface VirtioStatus {
  'device-id': number;
  'num-vqs': number;
  'vhost-started': boolean;
  'vhost-dev': {
    'n-mem-sections': number;
    'acked-features': FeatureNames;
    'protocol-features': { protocols: string[]; 'unknown-protocols'?: number };
  };
}
interface FeatureNames {
  transports: string[];
  'dev-features'?: string[];
  'unknown-dev-features'?: number;
}
/** What the monitor says of a ring as vhost has it: addresses of the front-end and of the guest. */
type VhostQueue = Record<'num' | 'desc' | 'avail' | 'used' | 'desc-phys' | 'avail-phys' | 'used-phys', number>;

/** What QEMU 7.2 still calls by older names. */
const renamed: Readonly<Record<string, string>> = {
  SLAVE_REQ: 'BACKEND_REQ',
  SLAVE_SEND_FD: 'BACKEND_SEND_FD',
  NET_MTU: 'MTU',
};

/** The mask of `VIRTIO_BLK_F_SEG_MAX: Max segments in a request` and the like, and of bits that QEMU has no name for. */
function maskFrom(of: 'virtio' | 'protocol', device: number, lines: readonly string[], unknown = 0): bigint {
  const bits = featureBits(of, device);
  return lines.reduce((mask, line) => {
    const name = (line.split(':')[0] as string).replace('_RING_F_', '_F_RING_').replace(/^.*?_F_/, '');
    const bit = bits.findIndex(known => known?.name === (renamed[name] ?? name));
    if (bit < 0) throw new Error(`${line}: no feature of that name is declared`);
    return mask | (1n << BigInt(bit));
  }, BigInt(unknown));
}

/** The bit that QEMU adds when it sends the features that the guest has acknowledged. */
const protocolFeatures = 1n << 30n;

const path = '/machine/peripheral/dev/virtio-backend';

const rows: {
  name: string;
  debian: Debian;
  tasks: string;
  device: string[];
  backEnd(pair: Pair): string[];
}[] = (['bookworm', 'trixie'] as const).flatMap(debian => [
  {
    ...{ name: 'blk', debian, tasks: 'blk' },
    device: ['-device', 'vhost-user-blk-pci,id=dev,chardev=vhost,num-queues=1'],
    backEnd: (pair: Pair) => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)),
  },
  {
    ...{ name: 'fs', debian, tasks: 'mount_fs' },
    device: ['-device', 'vhost-user-fs-pci,id=dev,chardev=vhost,tag=share'],
    backEnd: (pair: Pair) => virtiofsd(pair.backSocket, newShare(pair.folder)),
  },
  {
    ...{ name: 'net', debian, tasks: 'net' },
    device: [
      ...['-netdev', 'vhost-user,id=net,chardev=vhost'],
      ...['-device', `virtio-net-pci,id=dev,netdev=net,vectors=${debian === 'bookworm' ? 0 : 4}`],
    ],
    backEnd: (pair: Pair) => netVhost([pair.backSocket]),
  },
]);

/** The session as the capture tells it so far. */
function sessionIn(capture: string): Session {
  let session = newSession;
  for (const frame of readCapture(capture))
    if (frame.kind === 'message') session = fold(session, frame, decodeFrame(frame));
  return session;
}

describe('the session is what the monitor of QEMU says', () => {
  afterEach(stopAll);

  it.each(rows)('$name, $debian', async ({ name, debian, tasks, device, backEnd }) => {
    const pair = new Pair(`monitor-${name}-${debian}`);
    const monitor = socketPath(pair.folder, 'qmp');
    await pair.start('back-end', backEnd(pair));
    await pair.startProxy();
    const machine = await pair.start(
      'front-end',
      qemu(pair.frontSocket, {
        debian,
        tasks: `${tasks},idle`,
        times: 60,
        device,
        qmp: monitor,
      }),
    );
    await machine.prints(new RegExp(`guest: ${tasks} ok`));
    const qmp = await Qmp.connect(monitor);
    const status = (await qmp.execute('x-query-virtio-status', { path })) as unknown as VirtioStatus;
    const { negotiation, memory, vrings } = sessionIn(pair.capture);

    const vhost = status['vhost-dev'];
    const type = status['device-id'];
    const { transports, 'dev-features': own = [], 'unknown-dev-features': odd } = vhost['acked-features'];
    const virtio = maskFrom('virtio', type, [...transports, ...own], odd);
    expect((negotiation.virtio.accepted ?? 0n) | protocolFeatures).toBe(virtio | protocolFeatures);
    const { protocols, 'unknown-protocols': more } = vhost['protocol-features'];
    expect(negotiation.protocol.accepted).toBe(maskFrom('protocol', type, protocols, more));

    expect(memory.regions).toHaveLength(vhost['n-mem-sections']);
    for (const { guestAddress, userAddress, size } of memory.regions)
      for (const offset of [0n, size - 1n])
        expect(await hostAddress(qmp, guestAddress + offset), `guest address ${guestAddress + offset}`).toBe(
          userAddress + offset,
        );
    expect(merged(memory).reduce((sum, region) => sum + region.size, 0n)).toBe(256n << 20n);

    const started = [...vrings.byIndex.values()].filter(({ running }) => running === 'started');
    expect(started.length).toBeGreaterThan(0);
    for (const ring of started) {
      const queue = (await qmp.execute('x-query-virtio-vhost-queue-status', { path, queue: ring.index })) as VhostQueue;
      const { descriptor, available, used } = ring.address as NonNullable<typeof ring.address>;
      expect([ring.num, descriptor, available, used], `ring ${ring.index}`).toEqual([
        queue.num,
        ...[queue.desc, queue.avail, queue.used].map(BigInt),
      ]);
      expect(await hostAddress(qmp, BigInt(queue['desc-phys']))).toBe(descriptor);
      expect([ring.switched, ring.kick?.fd !== undefined, ring.call?.fd !== undefined]).toEqual([
        'enabled',
        true,
        true,
      ]);
    }
    // Rings that QEMU says vhost has, and no others, were started.
    const set = await Promise.all(
      Array.from({ length: status['num-vqs'] }, (_, queue) => isSetUp(qmp, queue).then(yes => (yes ? [queue] : []))),
    );
    expect(started.map(({ index }) => index)).toEqual(set.flat());
    qmp.close();
    await machine.stop();
    await pair.stopProxy();
  });
});

/** Where QEMU has mapped a guest address, from its monitor. */
async function hostAddress(qmp: Qmp, guest: bigint): Promise<bigint> {
  const text = (await qmp.execute('human-monitor-command', {
    'command-line': `gpa2hva 0x${guest.toString(16)}`,
  })) as unknown as string;
  return BigInt(/is (0x[0-9a-f]+)/.exec(text)?.[1] ?? -1);
}

/** Whether vhost has a ring; the control ring of a network card is QEMU's own. */
async function isSetUp(qmp: Qmp, queue: number): Promise<boolean> {
  try {
    const ring = (await qmp.execute('x-query-virtio-vhost-queue-status', { path, queue })) as VhostQueue;
    return ring.desc !== 0;
  } catch {
    return false;
  }
}
