import { CaptureError } from '../capture/capture-error.ts';
import type { ConnectionAccount } from '../decode/account/account.ts';
import { compare } from '../decode/compare/compare.ts';
import { deviceById } from '../decode/spec/devices/index.ts';
import { compareText } from '../export/compare/text.ts';
import { accountOf } from '../trace/accounting.ts';
import { type Choice, chosenIn, placeOf } from './chosen.ts';
import type { Command } from './command.ts';
import { checkMigration } from './migration.ts';
import { type SurfaceOptions, shownOn, surfaceOf } from './terminal.ts';
import { Failure, UsageError } from './usage.ts';

interface DiffOptions extends SurfaceOptions {
  epochs?: readonly [number, number];
  json?: boolean;
  migration?: boolean;
  sideBySide?: boolean;
  unified?: boolean;
}

/** Columns from which on two connections stand side by side without being asked. */
const roomy = 120;
/** Columns where the output has no width of its own. */
const usual = 110;

/** `vhuscope diff`: two negotiations, aligned by meaning. */
export const command: Command<DiffOptions> = {
  name: 'diff',
  summary: 'compare two negotiations, or two epochs of one capture',
  about:
    'Compares two connections: what was offered, accepted, sized, ordered and timed differently, and which finding ' +
    'follows. Of a capture with several connections the first that went wrong is taken, else the last one; FILE#1.2 ' +
    'names session 1, epoch 2. The exit status is 0 where both negotiated the same, 1 where not; who the peers are, ' +
    'how long things took and how far the rings came does not count.',
  arguments: [
    { name: '<a>', meaning: 'a capture, or a connection in it (FILE#1.2)', completes: 'file' },
    { name: '[b]', meaning: 'the other one', completes: 'file' },
  ],
  options: [
    { flags: '--epochs <numbers>', meaning: 'two epochs of one capture: 1,2', parse: twoEpochs },
    { flags: '--migration', meaning: 'a is the source of a migration, b its destination: what was not handed over' },
    { flags: '--json', meaning: 'print one JSON object' },
    { flags: '--side-by-side', meaning: 'print both sides in columns; so on a terminal that is wide enough' },
    { flags: '--unified', meaning: 'print one side below the other' },
    { flags: '--color <when>', meaning: 'use colours', choices: ['auto', 'always', 'never'], default: 'auto' },
  ],
  examples: [
    { line: 'vhuscope diff healthy.pcapng failing.pcapng', meaning: 'what the failing run does differently' },
    { line: 'vhuscope diff vm.pcapng --epochs 1,2', meaning: 'what changed with the reconnect' },
    { line: 'vhuscope diff vm.pcapng#1.1 vm.pcapng#2.1', meaning: 'two sessions at one time' },
  ],
  async run(args, options) {
    if (options.migration) return checkMigration('diff', args, options);
    const [a, b] = sidesOf(args, options).map(read) as [Side, Side];
    const comparison = compare(a.connection, b.connection);
    const names = { a: nameOf(a), b: nameOf(b) };
    if (options.json) process.stdout.write(`${JSON.stringify({ ...names, ...comparison })}\n`);
    else process.stdout.write(shownOn(surfaceOf(options), compareText(comparison, names, styleOf(options))));
    return comparison.same ? 0 : 1;
  },
};

interface Side {
  readonly path: string;
  readonly connection: ConnectionAccount;
}

function twoEpochs(text: string): readonly [number, number] {
  const match = /^(\d+),(\d+)$/.exec(text);
  if (!match) throw new UsageError(`--epochs: expected two numbers such as 1,2, not '${text}'`);
  return [Number(match[1]), Number(match[2])];
}

function sidesOf(
  args: readonly string[],
  { epochs, sideBySide, unified }: DiffOptions,
): { path: string; choice: Choice }[] {
  if (sideBySide && unified) throw new UsageError('diff: choose one of --side-by-side and --unified');
  const places = args.map(placeOf);
  const [first, second] = places;
  if (!first || places.length > 2) throw new UsageError('diff: name two captures, or one with --epochs');
  if (epochs) {
    if (second) throw new UsageError('diff: --epochs compares two epochs of one capture');
    return epochs.map(epoch => ({ path: first.path, choice: { ...first.choice, epoch } }));
  }
  if (!second) throw new UsageError('diff: name a second capture, or two epochs of this one with --epochs 1,2');
  return [first, second];
}

function read({ path, choice }: { path: string; choice: Choice }): Side {
  try {
    return { path, connection: chosenIn(accountOf(path), choice) };
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

function nameOf({ path, connection: { session, epoch, device, messages } }: Side): string {
  const type = device === undefined ? 'unknown device' : (deviceById(device)?.name ?? `device ${device}`);
  return `${path}#${session}.${epoch}, ${type}, ${messages} messages`;
}

function styleOf(options: DiffOptions): { colour: boolean; width: number; sideBySide: boolean } {
  const { colour, width = usual } = surfaceOf(options);
  const isWide = surfaceOf(options).width !== undefined && width >= roomy;
  return { colour, width, sideBySide: options.sideBySide ?? (isWide && !options.unified) };
}
