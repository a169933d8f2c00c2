/** The simulated peers against real ones: what they say is accepted, and what they do works. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../src/decode/message.ts';
import * as conversations from '../../../src/peers/conversations.ts';
import type { Outcome } from '../../../src/peers/peer.ts';
import { script, send, transfer, untilClosed } from '../../../src/peers/script.ts';
import { blockBackEnd, blockConfig, deviceIds, qemuLike } from '../../../src/peers/traits.ts';
import { devices, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from '../peers.ts';
import { Program, stopAll } from '../programs.ts';
import { listening, scenarioFolder, socketPath } from '../rig.ts';

const built = '../../../dist/peers/start.js';
const { startPeer } = (await import(built)) as typeof import('../../../src/peers/start.ts');

/** Starts a real back-end that listens at the socket. */
async function backEnd(folder: string, name: string, command: readonly string[], socket: string): Promise<Program> {
  const program = new Program(name, command, { log: join(folder, `${name}.log`) });
  expect(await listening(socket, 30, () => program.alive), program.output).toBe(true);
  return program;
}

/** Every message of an outcome that is not as declared. */
function problems({ connections }: Outcome) {
  return connections.flatMap(({ frames }) => frames.flatMap(frame => decodeFrame(frame).problems));
}

/** The header of a FUSE request and the body of FUSE_INIT, version 7.31; linux/fuse.h. */
function fuseInit(): Uint8Array {
  const bytes = new Uint8Array(40 + 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint32(4, 26, true); // FUSE_INIT
  view.setBigUint64(8, 1n, true); // unique
  view.setUint32(40, 7, true);
  view.setUint32(44, 31, true);
  view.setUint32(48, 4096, true); // max_readahead
  return bytes;
}

describe('a simulated front-end', () => {
  afterEach(stopAll);

  it('uses a disk of qemu-storage-daemon, connects again and finds what it wrote', async () => {
    const folder = scenarioFolder('simulated-blk');
    const socket = socketPath(folder, 'blk');
    const disk = newDisk(join(folder, 'disk'));
    await backEnd(folder, 'blk', storageDaemon(socket, disk), socket);
    const data = Uint8Array.from({ length: 8192 }, (_, i) => (i * 31) % 251);
    const epoch = (io: ReturnType<typeof conversations.readsBlocks>) =>
      script(
        ...[conversations.qemuConnects(1), conversations.readsConfig, conversations.qemuStartsBlk()],
        ...[io, conversations.qemuStops()],
      );
    const outcome = await startPeer({
      ...{ side: 'front-end', socket: 'connect', address: { path: socket }, traits: qemuLike() },
      scripts: [epoch(conversations.writesBlocks(64, data)), epoch(conversations.readsBlocks(64, data.length))],
    }).ended;
    expect(outcome.error).toBeUndefined();
    expect(problems(outcome)).toEqual([]);
    expect(outcome.connections.map(({ answers }) => answers[0]?.at(-1))).toEqual([0, 0]);
    expect(
      readFileSync(disk)
        .subarray(64 * 512, 64 * 512 + data.length)
        .equals(data),
    ).toBe(true);
    expect(outcome.connections[1]?.answers[0]?.subarray(0, data.length)).toEqual(data);
  });

  it('opens a FUSE session with virtiofsd', async () => {
    const folder = scenarioFolder('simulated-fs');
    const socket = socketPath(folder, 'fs');
    await backEnd(folder, 'fs', virtiofsd(socket, newShare(scenarioFolder('simulated-fs-share'))), socket);
    const outcome = await startPeer({
      ...{
        side: 'front-end',
        socket: 'connect',
        address: { path: socket },
        traits: qemuLike({ device: deviceIds.fs }),
      },
      scripts: [
        script(
          ...[conversations.qemuConnects(2), conversations.qemuStartsFs(2)],
          ...[transfer(1, [fuseInit()], [16 + 64]), conversations.qemuStops(2)],
        ),
      ],
    }).ended;
    expect(outcome.error).toBeUndefined();
    expect(problems(outcome)).toEqual([]);
    const answer = outcome.connections[0]?.answers[0] ?? new Uint8Array(0);
    const view = new DataView(answer.buffer, answer.byteOffset);
    // fuse_out_header: length, error, unique; then the version it speaks.
    expect([view.getInt32(4, true), view.getBigUint64(8, true), view.getUint32(16, true)]).toEqual([0, 1n, 7]);
  });

  it("negotiates two queue pairs with DPDK's vhost", async () => {
    const folder = scenarioFolder('simulated-net');
    const socket = socketPath(folder, 'net');
    const command = netVhost([socket]).map(argument => argument.replace('queues=1', 'queues=2'));
    const program = await backEnd(folder, 'net', command, socket);
    const outcome = await startPeer({
      ...{ side: 'front-end', socket: 'connect', address: { path: socket }, patience: 20_000 },
      traits: qemuLike({ device: deviceIds.net }),
      scripts: [script(conversations.qemuNet(2), send('GET_STATUS'), conversations.qemuStops(4))],
    }).ended;
    expect(outcome.error, program.output).toBeUndefined();
    expect(problems(outcome)).toEqual([]);
    const frames = outcome.connections[0]?.frames ?? [];
    expect(frames.filter(({ bytes, reply }) => bytes[0] === 11 && reply)).toHaveLength(4);
    await program.prints(/virtio is now ready for processing/);
  });
});

describe('a simulated back-end', () => {
  afterEach(stopAll);

  it('is a disk for a Linux guest', async () => {
    const folder = scenarioFolder('simulated-guest');
    const socket = socketPath(folder, 'blk');
    const bytes = 8 << 20;
    const begins = new TextEncoder().encode('hello from the host');
    const peer = startPeer({
      ...{ side: 'back-end', socket: 'listen', address: { path: socket }, patience: 60_000 },
      traits: blockBackEnd({ config: blockConfig(bytes), personality: { kind: 'block', bytes, begins } }),
      scripts: [[untilClosed()]],
    });
    await peer.ready;
    const log = join(folder, 'qemu.log');
    const machine = new Program('QEMU', qemu(socket, { tasks: 'blk', device: devices.blk }), { log });
    await machine.prints(/guest: blk ok/);
    expect(await machine.end()).toBe(0);
    const outcome = await peer.ended;
    expect(outcome.error).toBeUndefined();
    expect(problems(outcome)).toEqual([]);
  });
});
