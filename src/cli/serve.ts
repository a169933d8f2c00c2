/** Runs an engine in the foreground: status lines, live output, signals and the exit status. Shared by proxy and run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlError } from '../control/control-error.ts';
import { startControl } from '../control/server.ts';
import { handlersOf } from '../proxy/controlled.ts';
import type { CaptureOptions, Engine, EngineEvent, EngineOptions } from '../proxy/engine.ts';
import { startEngine } from '../proxy/engine.ts';
import type { ArmedRule } from '../proxy/hold/rule.ts';
import { Overview } from '../proxy/overview.ts';
import { peerCredentials } from '../sys/socket.ts';
import { type LiveForm, printLive } from './live.ts';
import { deviceOfPeer } from './pairs.ts';
import { RuleBook } from './rule-book.ts';
import { Story } from './status.ts';
import { printStatus } from './terminal.ts';
import { Failure, isSystemError } from './usage.ts';
import { version } from './version.ts';

/** What to serve and what to show. */
export interface ServeOptions {
  pairs: EngineOptions['pairs'];
  /** Where to record; without a path only what is printed is recorded, in a temporary file of bounded size. */
  capture: Omit<CaptureOptions, 'path'> & { path?: string };
  /** Print the records on stdout. */
  print?: LiveForm;
  /** No status lines. */
  quiet: boolean;
  /** The engine's name, by which `ctl` and other viewers find it; that of the first pair where absent. */
  name?: string;
  /** Breakpoints to begin with. */
  breakpoints?: readonly ArmedRule[];
  /** Files of rules, read again when they change. */
  ruleFiles?: readonly string[];
  /** Have no control socket. */
  uncontrolled?: boolean;
  /** Hears every event of the engine, before people do. */
  onEvent?(event: EngineEvent): void;
}

/** A running engine with its output. */
export interface Served {
  engine: Engine;
  /** The path of its control socket, where it has one. */
  control: string | undefined;
  /** Ends the engine and the output and resolves to the exit status; a further call hurries. */
  end(graceMs?: number): Promise<number>;
}

/** A temporary capture goes over two files of this size, so that a long run cannot fill the disk. */
const temporaryRotation = { size: 32 * 1024 * 1024, keep: 2 };

/** A place for what is recorded only to be printed, and how to remove it. */
function temporaryCapture(): { path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-'));
  return { path: join(folder, 'live.pcapng'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Errors that a start ends with are for people, but for those of the language itself, which are bugs. */
function asFailure(error: unknown): unknown {
  const plainError = error instanceof Error && (error.constructor === Error || error.name.endsWith('Error'));
  const isBug = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return plainError && !isBug && !isSystemError(error)
    ? new Failure((error as Error).message, { cause: error })
    : error;
}

const program = `vhuscope ${version}`;

/** Opens the control socket. That it cannot be had is no reason not to serve, unless its name was asked for. */
async function openControl({ name, pairs }: ServeOptions, say: (line: string) => void) {
  const wished = name ?? pairs[0]?.name ?? 'engine';
  const credentialsOf = peerCredentials;
  try {
    return await startControl({ name: wished, demanded: name !== undefined, version: program, credentialsOf });
  } catch (error) {
    if (!(error instanceof ControlError) && !isSystemError(error)) throw error;
    if (name !== undefined) throw new Failure(error.message, { cause: error });
    say(`warning: no control socket, vhuscope ctl will not find this engine: ${error.message}`);
    return undefined;
  }
}

/** Starts to serve. Rejects with Failure where a socket or the capture cannot be made. */
export async function serve(options: ServeOptions): Promise<Served> {
  const say = (line: string | undefined) => {
    if (line !== undefined && !options.quiet) printStatus(line);
  };
  const temporary = options.capture.path === undefined && options.print ? temporaryCapture() : undefined;
  const named = options.capture.path;
  const path = named ?? temporary?.path ?? '/dev/null';
  let status = 0;
  const book = new RuleBook(options.ruleFiles ?? []);
  const rules = book.read();
  const story = new Story();
  const overview = new Overview(options.pairs, named);
  const control = options.uncontrolled ? undefined : await openControl(options, say);
  const hear = (event: EngineEvent) => {
    options.onEvent?.(event);
    overview.hear(event, Date.now());
    control?.tell(event);
    if (event.type === 'peer') learnDevice(event);
    if (event.type === 'internal-error' || event.type === 'recording-failed') status = 1;
    if (event.type === 'recording-recovered') status = 0;
    if (event.type === 'recorded' && named === undefined) return;
    for (const line of story.tell(event)) say(line);
  };
  /** What a peer's command line says about the device goes into the recording. */
  const learnDevice = ({ pair: name, connection, side, process }: Extract<EngineEvent, { type: 'peer' }>) => {
    const pair = options.pairs.find(each => each.name === name);
    const device = pair && deviceOfPeer(pair, side, process.commandLine ?? []);
    if (device) engine.learnDevice(connection, device);
  };
  const capture: CaptureOptions = { ...options.capture, path, ...(temporary && { rotation: temporaryRotation }) };
  let engine: Engine;
  try {
    const { pairs, breakpoints = [] } = options;
    engine = await startEngine({ pairs, capture, version: program, rules, breakpoints }, hear);
  } catch (error) {
    control?.close();
    temporary?.remove();
    throw asFailure(error);
  }
  control?.handle(handlersOf(engine, overview, control, program, book));
  book.watch({
    say,
    async inForce(changed, why) {
      await engine.setRules(changed, why);
      control?.tell({ type: 'rules-changed' });
    },
  });
  void engine.stopped.then(() => {
    book.close();
    control?.close();
  });
  const printing = new AbortController();
  const printed = options.print ? printLive(path, options.print, printing.signal, say) : Promise.resolve();
  let ended: Promise<number> | undefined;
  return {
    engine,
    control: control?.path,
    end(graceMs) {
      const stopped = engine.stop(graceMs);
      ended ??= stopped.then(async () => {
        printing.abort();
        await printed;
        temporary?.remove();
        return status;
      });
      return ended;
    },
  };
}

/** The signals that end a command, the second one at once. */
const endSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Resolves when the first of those signals comes; a second one calls `hurry`. */
export function endSignal(hurry: () => void): Promise<void> {
  return new Promise(resolve => {
    let count = 0;
    for (const signal of endSignals) {
      process.on(signal, () => {
        if (count++ === 0) resolve();
        else hurry();
      });
    }
  });
}
