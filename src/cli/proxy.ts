/** `vhuscope proxy`: stands between a front-end and a back-end, or many pairs of them. */
import type { EngineEvent, PairOptions } from '../proxy/engine.ts';
import { socketNature } from '../sys/socket.ts';
import type { Command } from './command.ts';
import { type Config, parseDevice, parseMode, readConfig } from './config.ts';
import { type Endpoint, parseAddress, parseEndpoint } from './endpoint.ts';
import { viewOwned } from './owned.ts';
import { type PairDescription, preparePairs, toldDevice } from './pairs.ts';
import { type CaptureFlags, captureOptions, type PairFlags, pairOptions, servingFrom } from './recording-options.ts';
import { endSignal, type Served, serve } from './serve.ts';
import { UsageError } from './usage.ts';

interface ProxyFlags extends CaptureFlags, PairFlags {
  frontEnd?: Endpoint;
  backEnd?: Endpoint;
  device?: number;
  socketMode?: number;
  socketOwner?: string;
  config?: string;
}

/** The one pair of the command line; throws UsageError where a side is missing or named twice. */
function pairFrom(args: readonly string[], flags: ProxyFlags): PairDescription {
  const [front, back] = args;
  if (front !== undefined && flags.frontEnd)
    throw new UsageError('the front-end is given twice: FRONT_SOCKET and --front-end');
  if (back !== undefined && flags.backEnd)
    throw new UsageError('the back-end is given twice: BACK_SOCKET and --back-end');
  const frontEnd: Endpoint | undefined =
    front === undefined ? flags.frontEnd : { role: 'listen', address: parseAddress(front, 'FRONT_SOCKET') };
  const backEnd: Endpoint | undefined =
    back === undefined ? flags.backEnd : { role: 'connect', address: parseAddress(back, 'BACK_SOCKET') };
  if (!frontEnd || !backEnd) {
    throw new UsageError('expected FRONT_SOCKET and BACK_SOCKET, or --front-end and --back-end, or --config');
  }
  const { name: _engine, device, ...pair } = flags;
  return { ...pair, device: toldDevice(device), frontEnd, backEnd };
}

/** The pairs of a configuration file. */
function pairsFrom(config: Config): PairDescription[] {
  return config.pairs.map(pair => ({
    name: pair.name,
    frontEnd: pair['front-end'],
    backEnd: pair['back-end'],
    device: toldDevice(pair.device),
    waitBackEnd: pair['wait-back-end'],
    preserveSegments: pair['preserve-segments'],
    interpose: pair.interpose,
    snaplen: pair.snaplen,
    keepSecrets: pair['keep-secrets'],
    socketMode: pair['socket-mode'],
    socketOwner: pair['socket-owner'],
  }));
}

/** The inherited descriptors that a configuration file names. */
function descriptorsIn(path: string | undefined): number[] {
  const pairs = path === undefined ? [] : readConfig(path).pairs;
  return pairs
    .flatMap(pair => [pair['front-end'], pair['back-end']])
    .flatMap(side => (side.role === 'fd' ? [side.fd] : []));
}

/** What the command line says goes before what the file says. */
function flagsWith(config: Config, flags: ProxyFlags): ProxyFlags {
  const { write, rotate, keep, fsync } = config;
  const told = { write, rotate, keep, fsync, requireCapture: config['require-capture'] };
  return {
    ...(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as CaptureFlags),
    ...flags,
  };
}

/** Whether there are options that belong into the configuration file where there is one. */
function describesPair({ frontEnd, backEnd, device, snaplen, socketMode, socketOwner, ...flags }: ProxyFlags): boolean {
  const given = [frontEnd, backEnd, device, snaplen, socketMode, socketOwner].some(value => value !== undefined);
  return given || !flags.interpose || Boolean(flags.waitBackEnd || flags.preserveSegments || flags.keepSecrets);
}

function prepare(args: readonly string[], flags: ProxyFlags): { pairs: PairOptions[]; flags: ProxyFlags } {
  if (flags.config === undefined) return { pairs: preparePairs([pairFrom(args, flags)]), flags };
  if (args.length > 0 || describesPair(flags))
    throw new UsageError('--config describes the pairs: no sockets or options of a pair beside it');
  const config = readConfig(flags.config);
  return { pairs: preparePairs(pairsFrom(config)), flags: flagsWith(config, flags) };
}

/**
 * Resolves when nothing can come any more: each pair has a side that is one inherited connection, and all of them have
 * been closed.
 */
function watchForEnd(pairs: readonly PairOptions[]): { hear(event: EngineEvent): void; over: Promise<void> } {
  const isOnce = ({ frontEnd, backEnd }: PairOptions) =>
    [frontEnd, backEnd].some(side => side.role === 'fd' && socketNature(side.fd) === 'connection');
  const open = new Set(pairs.map(({ name }) => name));
  const once = pairs.every(isOnce);
  let resolve = () => {};
  const over = new Promise<void>(done => {
    resolve = done;
  });
  return {
    over,
    hear(event) {
      if (!once || event.type !== 'closed' || event.channel !== 'main') return;
      open.delete(event.pair);
      if (open.size === 0) resolve();
    },
  };
}

export const command: Command<ProxyFlags> = {
  name: 'proxy',
  summary: 'stand between a front-end and a back-end and record what they say',
  about:
    'Listens on FRONT_SOCKET for the front-end (QEMU or any other) and connects to the back-end that listens on ' +
    'BACK_SOCKET, as often as a front-end comes. Every message and descriptor goes through unchanged; with -w all are ' +
    'recorded. The front socket is there only while the back-end listens, so that the front-end sees what it would see ' +
    'without vhuscope. Where the front-end listens (QEMU: server=on), turn the roles: --front-end connect:PATH ' +
    '--back-end listen:PATH. A socket written @NAME is in the abstract namespace. Ends with SIGINT or SIGTERM; the ' +
    'connections end with it.',
  arguments: [
    { name: '[front-socket]', meaning: 'where to listen for the front-end', completes: 'file' },
    { name: '[back-socket]', meaning: 'where the back-end listens', completes: 'file' },
  ],
  options: [
    {
      flags: '--front-end <how>',
      meaning: 'listen:PATH, connect:PATH or fd:N, in place of FRONT_SOCKET',
      parse: text => parseEndpoint(text, '--front-end'),
    },
    {
      flags: '--back-end <how>',
      meaning: 'listen:PATH, connect:PATH or fd:N, in place of BACK_SOCKET',
      parse: text => parseEndpoint(text, '--back-end'),
    },
    ...captureOptions,
    { flags: '--device <type>', meaning: 'device type by name or virtio id (fs, block, net, 26)', parse: parseDevice },
    ...pairOptions,
    {
      flags: '--socket-mode <mode>',
      meaning: "mode of our socket, octal; else that of the back-end's",
      parse: parseMode,
    },
    { flags: '--socket-owner <owner>', meaning: "USER:GROUP of our socket; else that of the back-end's" },
    { flags: '--config <file>', meaning: 'many pairs, from a YAML file', completes: 'file' },
  ],
  examples: [
    {
      line: 'vhuscope proxy /run/vm1-fs.sock /run/virtiofsd.sock -w vm1.pcapng',
      meaning: 'QEMU connects to vm1-fs.sock; record its conversation with virtiofsd',
    },
    {
      line: 'vhuscope proxy --front-end connect:/run/qemu.sock --back-end listen:/run/ovs.sock --device net',
      meaning: 'QEMU listens (server=on), Open vSwitch connects (dpdkvhostuserclient); print the messages',
    },
    {
      line: 'vhuscope proxy --config pairs.yaml --rotate 100M --keep 10 --quiet',
      meaning: 'many pairs in one process, keeping the last gigabyte',
    },
  ],
  outlivesOutput: true,
  async run(args, given) {
    if (given.tui) return viewOwned(process.argv.slice(2), given, descriptorsIn(given.config));
    const { pairs, flags } = prepare(args, given);
    const end = watchForEnd(pairs);
    let served: Served | undefined;
    const signalled = endSignal(() => void served?.end(0));
    served = await serve({ ...servingFrom(flags), pairs, onEvent: end.hear });
    await Promise.race([signalled, end.over, served.engine.stopped]);
    return served.end();
  },
};
