/** `vhuscope replay`: plays one side of a recorded connection against a living other side, and compares. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CaptureError } from '../capture/capture-error.ts';
import { readCapture } from '../capture/reader.ts';
import { isSameFile } from '../capture/same-file.ts';
import type { Side } from '../decode/side.ts';
import { formatBaseline, parseBaseline } from '../replay/baseline.ts';
import { Keeper } from '../replay/keeper.ts';
import { deviationsOf } from '../replay/outcome.ts';
import { play } from '../replay/player.ts';
import { deviceOf, type Recording, recordingOf, type Step, stepName } from '../replay/recording.ts';
import { refusalOf, unserved } from '../replay/refusals.ts';
import type { States } from '../replay/state-pipes.ts';
import { outcomeLines, recordingJson, verdictJson, verdictLines } from '../replay/tell.ts';
import { peerCredentials } from '../sys/socket.ts';
import type { Command } from './command.ts';
import { type Endpoint, parseAddress, parseEndpoint } from './endpoint.ts';
import { connected } from './replay-connection.ts';
import { viewReplay } from './replay-viewed.ts';
import { printStatus, surfaceOf } from './terminal.ts';
import { Failure, UsageError, wholeNumber } from './usage.ts';
import { version } from './version.ts';

interface ReplayFlags {
  ascii?: boolean;
  to?: Endpoint;
  listen?: Endpoint;
  frontEnd?: Endpoint;
  backEnd?: Endpoint;
  pair?: string;
  session?: number;
  epoch?: number;
  range?: { from: number; to: number };
  strict?: boolean;
  speed?: number;
  step?: boolean;
  tui?: boolean;
  light?: boolean;
  wait: number;
  write?: string;
  stateFrom?: string;
  stateTo?: string;
  keepSecrets?: boolean;
  json?: boolean;
  quiet?: boolean;
  expectSame?: boolean;
  baseline?: string;
  writeBaseline?: string;
}

/** The command. */
export const command: Command<ReplayFlags> = {
  name: 'replay',
  summary: 'play one side of a recorded connection against a real other side, and compare',
  about:
    'With --to it is the front-end towards a back-end that listens, with --listen the back-end towards a front-end. No ' +
    'VM is needed: memory, eventfds and sockets are made to resemble the recorded ones. What must follow from the ' +
    'living side is adapted and said; every reply and every message of the other side is held against the recording. ' +
    'docs/replay.md is a tour.',
  arguments: [{ name: '<file>', meaning: 'the capture', completes: 'file' }],
  options: [
    {
      flags: '--to <socket>',
      meaning: 'play the front-end, towards the back-end that listens there',
      completes: 'file',
      parse: text => endpoint('connect', text, '--to'),
    },
    {
      flags: '--listen <socket>',
      meaning: 'play the back-end, for a front-end that connects there',
      completes: 'file',
      parse: text => endpoint('listen', text, '--listen'),
    },
    {
      flags: '--back-end <how>',
      meaning: 'where the living back-end is: listen:PATH, connect:PATH or fd:N',
      parse: text => parseEndpoint(text, '--back-end'),
    },
    {
      flags: '--front-end <how>',
      meaning: 'where the living front-end is: listen:PATH, connect:PATH or fd:N',
      parse: text => parseEndpoint(text, '--front-end'),
    },
    { flags: '--pair <name>', meaning: 'a connection of this pair; else the first connection of the capture' },
    { flags: '--session <number>', meaning: 'a connection of this session', parse: wholeNumber('--session', 1) },
    { flags: '--epoch <number>', meaning: 'the connection of this epoch', parse: wholeNumber('--epoch', 1) },
    { flags: '--range <from-to>', meaning: 'only the records with these numbers', parse: range },
    { flags: '--strict', meaning: 'send the recorded bytes alone: adapt nothing' },
    {
      flags: '--speed <factor>',
      meaning: 'times the recorded pace; else as fast as the other side answers',
      parse: factor,
    },
    { flags: '--step', meaning: 'wait for the enter key before each message' },
    { flags: '--tui', meaning: 'watch it beside the recording in the terminal interface' },
    { flags: '--light', meaning: 'with --tui: colours for a light background' },
    {
      flags: '--wait <ms>',
      meaning: 'how long to wait for what the recording waited for',
      default: 5000,
      parse: wholeNumber('--wait', 1),
    },
    {
      flags: '-w, --write <file>',
      meaning: 'record the replay itself into this pcapng file, with who plays',
      completes: 'file',
    },
    {
      flags: '--state-from <file>',
      meaning: 'hand this over wherever the state of a device is to be handed over in a migration',
      completes: 'file',
    },
    {
      flags: '--state-to <file>',
      meaning: 'keep the state of a device that the other side hands over',
      completes: 'file',
    },
    { flags: '--keep-secrets', meaning: 'record keys of crypto sessions of the living side as well' },
    {
      flags: '--json',
      meaning:
        'print one JSON object for what is played, for each message (with --step also before it), and for the verdict',
    },
    { flags: '-q, --quiet', meaning: 'print the verdict only' },
    { flags: '--expect-same', meaning: 'exit status 1 where the other side deviates from the recording' },
    { flags: '--baseline <file>', meaning: 'deviations that are accepted, one a line', completes: 'file' },
    {
      flags: '--write-baseline <file>',
      meaning: 'write the deviations there, to be accepted the next time',
      completes: 'file',
    },
    { flags: '--ascii', meaning: 'print ASCII characters only' },
  ],
  examples: [
    { line: 'vhuscope replay vm.pcapng --to /run/virtiofsd.sock', meaning: 'does the back-end still do what it did?' },
    { line: 'vhuscope replay blk.pcapng --listen /tmp/blk.sock', meaning: 'be the disk for a QEMU' },
    { line: 'vhuscope replay vm.pcapng --to /run/b.sock --tui', meaning: 'watch it beside the recording' },
    { line: 'vhuscope replay vm.pcapng --to /run/b.sock --expect-same --baseline known.txt', meaning: 'in a pipeline' },
  ],
  async run([capture = ''], flags) {
    const { side, where } = placeOf(flags);
    const { from, to } = flags.range ?? {};
    const recording = recordingIn(capture, side, {
      pair: flags.pair,
      session: flags.session,
      epoch: flags.epoch,
      from,
      to,
    });
    if (flags.write !== undefined && isSameFile(flags.write, capture))
      throw new UsageError(`-w: ${capture} is what is played and would be overwritten: give the capture another name`);
    if (flags.tui) return viewReplay(capture, side, process.argv.slice(3), flags);
    const accepted =
      flags.baseline === undefined
        ? new Set<string>()
        : file('--baseline', flags.baseline, path => parseBaseline(readFileSync(path, 'utf8')));
    const ending = new AbortController();
    const onSignal = () => ending.abort();
    process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
    const { ascii } = surfaceOf(flags);
    const lines = flags.step ? createInterface({ input: process.stdin }) : undefined;
    const enter = lines?.[Symbol.asyncIterator]();
    const states = statesOf(flags);
    let keeper: Keeper | undefined;
    try {
      if (flags.json) print([JSON.stringify(recordingJson(recording))]);
      const fd = await connected(where, ending.signal);
      if (fd === undefined) return 130;
      introduce(recording, flags);
      keeper = keeperFor(capture, fd, recording, flags);
      const performance = await play(fd, recording, {
        keep: keeper?.take,
        states,
        ...{ patience: flags.wait, strict: flags.strict === true, speed: flags.speed, signal: ending.signal },
        beforeSaying: enter && (step => ask(step, enter, flags.json)),
        tell: outcome => {
          if (flags.json) print([JSON.stringify({ type: 'message', ...outcome })]);
          else if (!flags.quiet) print(outcomeLines(outcome, ascii));
        },
      });
      keeper?.close(performance);
      print(
        flags.json
          ? [JSON.stringify(verdictJson(performance, accepted))]
          : [...(flags.quiet ? [] : ['']), ...verdictLines(performance, accepted)],
      );
      const deviations = deviationsOf(performance);
      if (flags.writeBaseline !== undefined)
        writeFileSync(flags.writeBaseline, formatBaseline(deviations, `accepted when ${capture} is replayed`));
      const { how } = performance.end;
      if (flags.expectSame) return deviations.every(({ key }) => accepted.has(key)) && how !== 'stopped' ? 0 : 1;
      return how === 'failed' || (how === 'closed' && !performance.end.asRecorded && performance.unreached > 0) ? 1 : 0;
    } finally {
      keeper?.close();
      states.close();
      lines?.close();
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    }
  },
};

/** The files of a device's state. */
function statesOf({ stateFrom, stateTo }: ReplayFlags): States & { close(): void } {
  const give = stateFrom === undefined ? undefined : file('--state-from', stateFrom, path => readFileSync(path));
  const kept = stateTo === undefined ? undefined : file('--state-to', stateTo, path => openSync(path, 'w', 0o600));
  return {
    give,
    take: kept === undefined ? undefined : piece => void writeSync(kept, piece),
    close: () => void (kept !== undefined && closeSync(kept)),
  };
}

/** What is done with a file that an option names; a Failure where that cannot be. */
function file<Result>(option: string, path: string, does: (path: string) => Result): Result {
  try {
    return does(path);
  } catch (error) {
    throw new Failure(`${option}: ${(error as Error).message}`, { cause: error });
  }
}

/** Where the replay itself is recorded, where somebody asked for that. */
function keeperFor(of: string, fd: number, recording: Recording, flags: ReplayFlags): Keeper | undefined {
  const { write: path, keepSecrets = false } = flags;
  if (path === undefined) return undefined;
  const keeping = { path, of, program: `vhuscope ${version}`, living: peerCredentials(fd), keepSecrets };
  return new Keeper(keeping, recording);
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

function endpoint(role: 'connect' | 'listen', text: string, option: string): Endpoint {
  return { role, address: parseAddress(text, option) };
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--speed: expected a number above 0, not '${text}'`);
  return value;
}

function range(text: string): { from: number; to: number } {
  const match = /^(\d*)-(\d*)$/.exec(text);
  if (!match || text === '-') throw new UsageError(`--range: expected FROM-TO, not '${text}'`);
  return { from: Number(match[1] || 0), to: match[2] ? Number(match[2]) : Number.POSITIVE_INFINITY };
}

/** The side that is played, and where the other one is. */
function placeOf({ to, listen, frontEnd, backEnd }: ReplayFlags): { side: Side; where: Endpoint } {
  const given = [
    { side: 'front-end' as const, where: to },
    { side: 'back-end' as const, where: listen },
    { side: 'front-end' as const, where: backEnd },
    { side: 'back-end' as const, where: frontEnd },
  ].flatMap(({ side, where }) => (where ? [{ side, where }] : []));
  const [only, other] = given;
  if (!only || other) throw new UsageError('replay: expected one of --to, --listen, --back-end and --front-end');
  return only;
}

function recordingIn(file: string, side: Side, choice: Parameters<typeof recordingOf>[2]): Recording {
  try {
    const recording = recordingOf(readCapture(file), side, choice);
    if (!recording) throw new Failure(`${file} has no such connection: vhuscope read ${file} shows what it has`);
    if (recording.steps.length === 0)
      throw new Failure(`${file}: no message of the connection has a number in that range`);
    if (recording.steps.some(({ frame }) => frame.context.bigEndian))
      throw new Failure(`${file} was recorded on a big-endian machine: it cannot be played on this one`);
    return recording;
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

function introduce(recording: Recording, { json, quiet, strict }: ReplayFlags): void {
  const { side, pair, session, epoch, steps, connections, omitted } = recording;
  const { device } = deviceOf(recording);
  if (json || quiet) return;
  const others = connections > 1 ? `, one of ${connections} connections` : '';
  printStatus(`playing the ${side} of ${pair}, session ${session}.${epoch}${others}: ${steps.length} messages`);
  for (const what of omitted) printStatus(`not played: ${what}`);
  if (side === 'back-end') printStatus((strict ? undefined : refusalOf(device)?.says) ?? unserved);
}

async function ask(step: Step, enter: AsyncIterator<string>, json: boolean | undefined): Promise<void> {
  if (json) print([JSON.stringify({ type: 'next', n: step.frame.n, name: stepName(step) })]);
  else process.stderr.write(`next: ${stepName(step)} [enter] `);
  await enter.next();
}
