/**
 * `--tui`: the process in the foreground becomes the viewer of an engine that runs in a process of its own. Whatever
 * happens to the viewer or its terminal, the connections go on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ControlClient, findEngines } from '../control/client.ts';
import { plain } from '../decode/plain.ts';
import { descriptorsNamed, inheritedOf, withInherited } from '../launch/child.ts';
import { printStatus } from './terminal.ts';
import { Failure, UsageError } from './usage.ts';
import { assertTerminal, view } from './viewing.ts';

/** What of the command line matters here. */
export interface OwnedFlags {
  tui?: boolean;
  write?: string;
  print?: boolean;
  json?: boolean;
  /** False where switched off. */
  control?: boolean;
}

/** The option, for commands that start an engine. */
export const tuiOption = {
  flags: '--tui',
  meaning: 'watch in the terminal interface; the engine runs in a process of its own and survives it',
} as const;

const who = { program: 'tui' };
/** Milliseconds an engine may take to start, and between two looks whether it has. */
const startMs = 15_000;
const lookMs = 40;

/**
 * Starts this very command without `--tui` in the background and opens the interface on it. Resolves to the exit status
 * once the interface is quit; what becomes of the engine is asked there.
 *
 * @param argv the command line, from the command's name on
 * @param named inherited descriptors that are named elsewhere
 */
export async function viewOwned(
  argv: readonly string[],
  flags: OwnedFlags,
  named: readonly number[] = [],
): Promise<number> {
  const [command = ''] = argv;
  assertTerminal(`${command} --tui`);
  if (flags.print || flags.json) throw new UsageError('--tui: --print and --json print to the same terminal');
  if (flags.control === false) throw new UsageError('--tui: the interface needs the control socket');
  if (flags.write === '-') throw new UsageError('--tui: the capture must be a file');
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-tui-'));
  const capture = flags.write === undefined ? join(folder, 'live.pcapng') : resolve(flags.write);
  const log = join(folder, 'engine.log');
  const recording = flags.write === undefined ? ['--write', capture] : [];
  const descriptors = inheritedOf([...new Set([...descriptorsNamed(argv), ...named])]);
  const client = await started([command, ...recording, ...withoutTui(argv.slice(1))], log, descriptors);
  const { name } = client.hello;
  // As at a terminal: run hands the signal on to the command that it has started.
  const owned = command === 'run' ? ('with a command' as const) : true;
  const engine = { client, owned, end: () => void process.kill(client.hello.pid, 'SIGTERM') };
  const { status, engineEnded } = await view({ paths: [capture], title: name, follow: true, engine }, {});
  if (engineEnded) printStatus(`the capture is ${plain(capture)}`);
  else {
    printStatus(`the engine goes on: vhuscope attach ${name}, or vhuscope ctl stop -n ${name} to end it`);
    printStatus(`it records into ${plain(capture)}, and says what happens in ${log}`);
  }
  return status;
}

/** The arguments without the first `--tui`: one that stands further back belongs to another program. */
function withoutTui(args: readonly string[]): string[] {
  const at = args.indexOf('--tui');
  return args.filter((_, i) => i !== at);
}

/**
 * Starts an engine, hands it descriptors that we have inherited, and resolves once it answers. Rejects with Failure
 * where it ends before, with what it said.
 */
async function started(argv: readonly string[], log: string, descriptors: readonly number[]): Promise<ControlClient> {
  const output = openSync(log, 'w', 0o600);
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...argv], {
    detached: true,
    stdio: withInherited(['ignore', output, output], descriptors),
  });
  // They are the engine's alone from now on: a copy that stays here would hide from a peer that the engine has hung up.
  for (const fd of [output, ...descriptors]) closeSync(fd);
  child.unref();
  const ended = new Promise<never>((_, reject) => {
    child.once('error', error => reject(new Failure(`cannot start the engine: ${error.message}`, { cause: error })));
    child.once('exit', () => reject(new Failure(whySaid(log))));
  });
  // It ends some time; only while it is waited for that is a failure.
  ended.catch(() => {});
  return Promise.race([answering(child), ended]);
}

/** Looks for the engine's socket until it answers. */
async function answering({ pid }: ChildProcess): Promise<ControlClient> {
  for (const deadline = Date.now() + startMs; Date.now() < deadline; await setTimeout(lookMs)) {
    const found = (await findEngines(who)).find(one => 'hello' in one && one.hello.pid === pid);
    if (found) return ControlClient.connect(found.path, who);
  }
  throw new Failure(`the engine (pid ${pid}) has started but does not answer`);
}

/** Lines of a failed start that are told. */
const mostSaid = 20;

/** What an engine said before it ended. */
function whySaid(log: string): string {
  const said = existsSync(log) ? readFileSync(log, 'utf8').trim() : '';
  if (said === '') return 'the engine ended at once';
  const lines = said.split('\n').slice(-mostSaid);
  return lines.map((line, i) => plain(i === 0 ? line.replace(/^vhuscope: /, '') : line)).join('\n');
}
