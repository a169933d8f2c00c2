/**
 * Connections that are closed in the place of a message of the handshake: how that is done, and what is kept of it in
 * docs/disconnects/.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readCapture } from '../../src/capture/reader.ts';
import type { Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import type { Disconnect, Disconnects } from '../../src/export/derive/disconnects-doc.ts';
import { packageOf } from './corpus.ts';
import { Pair } from './pair.ts';
import { type Debian, devices, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from './peers.ts';
import { type Program, stopAll } from './programs.ts';
import { Qmp } from './qmp.ts';
import { scenarioFolder, socketPath } from './rig.ts';

const kept = resolve(import.meta.dirname, '../../docs/disconnects');

/** Seconds the guest has for its test, its start included. */
const patience = 25;

interface Device {
  device(debian: Debian): readonly string[];
  /** The back-end serves one connection; another is started for the next. */
  servesOne?: true;
  backEnd(pair: Pair): string[];
}

const kinds = {
  blk: { device: () => devices.blk, backEnd: pair => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)) },
  net: { device: debian => devices.net(debian), backEnd: pair => netVhost([pair.backSocket]) },
  fs: {
    device: () => devices.fs,
    servesOne: true,
    backEnd: pair => virtiofsd(pair.backSocket, newShare(scenarioFolder(`${pair.name}-share`))),
  },
} satisfies Record<string, Device>;

/** A front-end and a back-end whose connection is cut. */
export interface SetUp {
  /** Name of the file. */
  readonly name: string;
  readonly kind: keyof typeof kinds;
  readonly reconnect: boolean;
  readonly debian: Debian;
}

/** All that were tried. */
export const setUps: readonly SetUp[] = (['bookworm', 'trixie'] as const).flatMap(debian =>
  (debian === 'trixie' ? (['blk', 'net'] as const) : (['blk', 'fs', 'net'] as const)).flatMap(kind =>
    [false, true].map(reconnect => ({
      name: `${debian === 'trixie' ? 'qemu10-' : ''}${kind}${reconnect ? '-reconnect' : ''}`,
      ...{ kind, reconnect, debian },
    })),
  ),
);

const fileOf = ({ name }: SetUp) => join(kept, `${name}.json`);

/** Keeps what was seen. */
export function keepDisconnect(setUp: SetUp, row: Disconnect): void {
  const rows = [...keptOf(setUp).filter(({ n }) => n !== row.n), row].sort((a, b) => a.n - b.n);
  mkdirSync(kept, { recursive: true });
  const versions = { front_end: packageOf(qemu('', machineOf(setUp))), back_end: packageOf(backEndOf(setUp)) };
  const head = Object.entries({ kind: setUp.kind, reconnect: setUp.reconnect, ...versions });
  const lines = head.map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
  const list = `"rows": [\n${rows.map(row => JSON.stringify(row)).join(',\n')}\n]`;
  writeFileSync(fileOf(setUp), `{\n${[...lines, list].join(',\n')}\n}\n`);
}

/** What was seen and kept. */
export function keptOf(setUp: SetUp): readonly Disconnect[] {
  return existsSync(fileOf(setUp)) ? (JSON.parse(readFileSync(fileOf(setUp), 'utf8')) as Disconnects).rows : [];
}

function backEndOf({ kind, name }: SetUp): string[] {
  return kinds[kind].backEnd(new Pair(`disconnect-${name}`, { name: kind, traced: false }));
}

function machineOf({ kind, reconnect, debian }: SetUp) {
  const device = (kinds[kind] as Device).device(debian);
  const chardev = reconnect ? { chardev: debian === 'trixie' ? 'reconnect-ms=1000' : 'reconnect=1' } : {};
  return { tasks: kind, debian, device, ...chardev };
}

/** The messages the front-end says, in order, until it stops the device again; and what it comes to if none is lost. */
export async function handshakeOf(setUp: SetUp): Promise<{ messages: string[]; row: Disconnect }> {
  const { frames, ...seen } = await runOne(setUp, undefined);
  const said = frames
    .filter(({ kind, channel, dir }) => kind === 'message' && channel === 'main' && dir === 'front-to-back')
    .map(frame => decodeFrame(frame));
  const kicked = said.findLastIndex(({ name }) => name === 'SET_VRING_KICK');
  const stopped = said.findIndex(({ name }, at) => at > kicked && name === 'GET_VRING_BASE');
  const handshake = stopped < 0 ? said : said.slice(0, stopped);
  while (handshake.at(-1)?.name === 'SET_VRING_ENABLE' && handshake.at(-1)?.payload.num === 0) handshake.pop();
  const row = { n: 0, instead: '', ...seen, connections: connectionsIn(frames) };
  return { messages: handshake.map(({ name }) => name), row };
}

/** Connections on which something was said. */
const connectionsIn = (frames: readonly Frame[]): number => Math.max(0, ...frames.map(({ epoch }) => epoch));

/** Closes the first connection in place of the nth message, and tells what becomes of QEMU and its guest. */
export async function disconnectAt(setUp: SetUp, n: number): Promise<Disconnect> {
  const { frames, ...seen } = await runOne(setUp, n);
  const lost = frames.find(
    ({ kind, sentBytes, epoch }) => kind === 'message' && epoch === 1 && sentBytes?.length === 0,
  );
  const instead = lost === undefined ? '' : decodeFrame(lost).name;
  return { n, instead, ...seen, connections: connectionsIn(frames) };
}

type Outcome = Pick<Disconnect, 'guest' | 'qemu' | 'says'>;

async function runOne(setUp: SetUp, n: number | undefined): Promise<Outcome & { frames: Frame[] }> {
  const { backEnd, servesOne } = kinds[setUp.kind] as Device;
  const pair = new Pair(`disconnect-${setUp.name}`, { name: setUp.kind, traced: false });
  const rules = join(pair.folder, 'rules.yaml');
  writeFileSync(rules, `rules: [{ when: main and front-to-back, nth: ${n}, epoch: 1, do: { close: before } }]\n`);
  let back = await pair.start('back-end', backEnd(pair));
  await pair.startProxy('is there', n === undefined ? [] : ['--rules', rules]);
  const monitor = socketPath(pair.folder, 'qmp');
  const machine = await pair.start('front-end', qemu(pair.frontSocket, { ...machineOf(setUp), qmp: monitor }));
  let over = false;
  const restarting = (async () => {
    while (servesOne && !over) {
      await back.end(120).catch(() => {});
      if (!over) back = await pair.start('back-end', backEnd(pair)).catch(() => back);
    }
  })();
  const outcome = await outcomeOf(machine, setUp.kind, monitor);
  over = true;
  machine.kill();
  await pair.stopProxy();
  await stopAll();
  await restarting;
  return { ...outcome, says: complaintsOf(machine), frames: [...readCapture(pair.capture)] };
}

/** What the guest's test comes to, and what QEMU does then. */
async function outcomeOf(machine: Program, kind: string, monitor: string): Promise<Omit<Outcome, 'says'>> {
  const tested = await machine.prints(new RegExp(`guest: ${kind} (ok|failed)`), patience).catch(() => undefined);
  const guest = tested === undefined ? 'none' : tested[1] === 'ok' ? 'passes' : 'fails';
  if (tested !== undefined) await machine.end(5).catch(() => {});
  if (!machine.alive) return { guest, qemu: `ends with ${await machine.ended}` };
  return { guest, qemu: (await answers(monitor)) ? 'goes on' : 'hangs' };
}

/** Whether QEMU's main loop still serves the monitor. */
async function answers(monitor: string): Promise<boolean> {
  const asked = Qmp.connect(monitor).then(async qmp => {
    await qmp.execute('query-status');
    qmp.close();
    return true;
  });
  const late = new Promise<boolean>(resolve => setTimeout(() => resolve(false), 5000));
  return Promise.race([asked.catch(() => false), late]);
}

/** What QEMU complained of, each sentence once, without what differs from run to run. */
function complaintsOf({ output }: Program): string[] {
  const lines = output.split('\n').filter(line => line.startsWith('qemu-system-x86_64: '));
  return [
    ...new Set(
      lines.map(line =>
        line
          .replace(/^qemu-system-x86_64: /, '')
          .replace(/^-(device|netdev) [^:]*: /, '')
          .trim(),
      ),
    ),
  ];
}
