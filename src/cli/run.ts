/** `vhuscope run`: starts a front-end with its command line rewritten so that vhuscope sits in between. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { type Child, StartError, startChild } from '../launch/child.ts';
import { knownDevice } from '../launch/device.ts';
import { makePrivateFolder, removePrivateFolder } from '../launch/private-folder.ts';
import { configFilesOf, type Rewritten, rewrite, shellQuoted, type TakenOver } from '../launch/rewrite.ts';
import type { Address as NamedAddress } from '../launch/site.ts';
import { RewriteError } from '../launch/site.ts';
import type { EngineEvent, PairOptions } from '../proxy/engine.ts';
import { openFilesLimit, setOpenFilesLimit } from '../sys/limits.ts';
import type { Command } from './command.ts';
import type { Endpoint } from './endpoint.ts';
import { viewOwned } from './owned.ts';
import { type PairDescription, preparePairs } from './pairs.ts';
import { type CaptureFlags, captureOptions, type PairFlags, pairOptions, servingFrom } from './recording-options.ts';
import { serve } from './serve.ts';
import { printStatus } from './terminal.ts';
import { UsageError } from './usage.ts';

interface RunFlags extends CaptureFlags, PairFlags {
  dryRun?: boolean;
}

/** Bytes of a socket's name in the abstract namespace: a padded one is filled up with NULs. */
const abstractRoom = 107;

/** How we reach the address that the back-end knows. */
function originalEndpoint(address: NamedAddress, role: 'listen' | 'connect'): Endpoint {
  switch (address.kind) {
    case 'fd':
      return { role: 'fd', fd: address.fd };
    case 'path':
      return { role, address: { path: address.path } };
    case 'abstract':
      return { role, address: { abstract: address.padded ? address.name.padEnd(abstractRoom, '\0') : address.name } };
  }
}

function describe({ name, ours, original, frontEndListens, device }: TakenOver, flags: RunFlags): PairDescription {
  const { waitBackEnd, preserveSegments, interpose, snaplen, keepSecrets } = flags;
  return {
    ...{ name, waitBackEnd, preserveSegments, interpose, snaplen, keepSecrets },
    device: device && knownDevice(device),
    frontEnd: { role: frontEndListens ? 'connect' : 'listen', address: { path: ours } },
    backEnd: originalEndpoint(original, frontEndListens ? 'listen' : 'connect'),
  };
}

/** Rewrites the command line; throws UsageError where it names no socket or one that cannot be taken over. */
function rewritten(argv: readonly string[], folder: string): Rewritten {
  const files = new Map(configFilesOf(argv).map(file => [file, readFileSync(file, 'utf8')]));
  try {
    return rewrite({ argv, files }, folder);
  } catch (error) {
    if (error instanceof RewriteError) throw new UsageError(error.message);
    throw error;
  }
}

/** The pairs, what they mean and the command line that would be started, as a shell would read it. */
function dryRunText({ argv, files, pairs }: Rewritten): string {
  const pairLines = pairs.map(({ name, device, option, original, ours, frontEndListens }) => {
    const at =
      original.kind === 'path'
        ? original.path
        : original.kind === 'fd'
          ? `descriptor ${original.fd}`
          : `@${original.name}`;
    const [front, back] = frontEndListens ? ['listens', 'connects'] : ['connects', 'listens'];
    const known = device ? ` (${device.name})` : '';
    return `# ${name}${known}: front-end ${front} at ${ours}, back-end ${back} at ${at}; from ${option}`;
  });
  const fileLines = files.flatMap(({ path, text }) => [
    `# ${path}:`,
    ...text
      .trimEnd()
      .split('\n')
      .map(line => `#   ${line}`),
  ]);
  return `${[...pairLines, ...fileLines, shellQuoted(argv)].join('\n')}\n`;
}

/** How long after the front-end's end its connections may take to be found closed, in milliseconds. */
const settleMs = 300;

/** Runs an action under a soft limit of open files. */
function withOpenFiles<Result>(soft: number, action: () => Result): Result {
  const { soft: ours } = openFilesLimit();
  setOpenFilesLimit(soft);
  try {
    return action();
  } finally {
    setOpenFilesLimit(ours);
  }
}

/** Counts the connections that are open, so that a front-end that goes to the background is not cut off. */
class OpenConnections {
  readonly #open = new Set<number>();
  #whenNone: (() => void) | undefined;

  hear(event: EngineEvent): void {
    if (event.type === 'connected') this.#open.add(event.connection);
    if (event.type !== 'closed' || event.channel !== 'main') return;
    this.#open.delete(event.connection);
    if (this.#open.size === 0) this.#whenNone?.();
  }

  get any(): boolean {
    return this.#open.size > 0;
  }

  /** Resolves when none is open. */
  none(): Promise<void> {
    return new Promise(resolve => {
      if (!this.any) resolve();
      else this.#whenNone = resolve;
    });
  }
}

/** Resolves at SIGINT, SIGTERM or SIGHUP; to be called once the child is gone, which got them until then. */
function endSignal(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

/** Starts the front-end between its sockets and the back-ends', and stays until it and its connections have ended. */
async function runChild(plan: Rewritten, pairs: readonly PairOptions[], flags: RunFlags): Promise<number> {
  const connections = new OpenConnections();
  const served = await serve({
    ...servingFrom(flags),
    pairs,
    onEvent: event => connections.hear(event),
  });
  const keep = plan.pairs.flatMap(({ original }) => (original.kind === 'fd' ? [original.fd] : []));
  let child: Child;
  try {
    child = await startChild(plan.argv, { withOpenFiles, keep });
  } catch (error) {
    await served.end();
    if (!(error instanceof StartError)) throw error;
    printStatus(error.message);
    return error.status;
  }
  const status = await child.ended;
  served.engine.record({ event: 'front-end-exit', pid: child.pid, status });
  await Promise.race([connections.none(), setTimeout(settleMs, undefined, { ref: false })]);
  if (status === 0 && connections.any) {
    if (!flags.quiet) printStatus('the front-end went on in the background; staying until its connections are closed');
    await Promise.race([connections.none(), endSignal(), served.engine.stopped]);
  }
  const ended = await served.end();
  return status === 0 ? ended : status;
}

export const command: Command<RunFlags> = {
  name: 'run',
  summary: 'start QEMU or another front-end with vhuscope in between',
  about:
    'Starts the command with the vhost-user sockets on its command line exchanged for ones of our own, each connected ' +
    'to the original. Nothing else of the command line changes, and no monitor, serial or other socket. QEMU, programs ' +
    'on DPDK with virtio-user, cloud-hypervisor, crosvm and user-mode Linux are understood. Ends with the exit status ' +
    'of the command (128 + n where signal n ended it), to which signals are handed on.',
  arguments: [{ name: '<command...>', meaning: 'the command and its arguments, best after --' }],
  options: [
    ...captureOptions,
    { flags: '--dry-run', meaning: 'print the rewritten command and what would be taken over; start nothing' },
    ...pairOptions,
  ],
  examples: [
    {
      line: 'vhuscope run -w boot.pcapng -- qemu-system-x86_64 … -chardev socket,id=c,path=/run/fs.sock -device vhost-user-fs-pci,chardev=c,tag=share',
      meaning: 'record what QEMU and virtiofsd say to each other from the first byte',
    },
    {
      line: 'vhuscope run --dry-run -- qemu-system-x86_64 -readconfig vm.cfg',
      meaning: 'see which sockets would be taken over',
    },
  ],
  passThrough: true,
  outlivesOutput: true,
  async run(argv, flags) {
    servingFrom(flags);
    if (flags.tui && !flags.dryRun) return viewOwned(process.argv.slice(2), flags);
    if (flags.dryRun) {
      process.stdout.write(dryRunText(rewritten(argv, '/run/vhuscope')));
      return 0;
    }
    const folder = makePrivateFolder();
    try {
      const plan = rewritten(argv, folder);
      for (const { path, text } of plan.files) writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
      const pairs = preparePairs(plan.pairs.map(pair => describe(pair, flags)));
      return await runChild(plan, pairs, flags);
    } finally {
      removePrivateFolder(folder);
    }
  },
};
