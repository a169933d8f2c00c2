/** `check --migration` and `diff --migration`: the recordings of both sides of one migration. */
import { CaptureError } from '../capture/capture-error.ts';
import { compareMigration } from '../decode/compare/migration.ts';
import { migrationText } from '../export/compare/migration.ts';
import { accountOf } from '../trace/accounting.ts';
import { type SurfaceOptions, shownOn, surfaceOf } from './terminal.ts';
import { Failure, UsageError } from './usage.ts';

/** Columns where the output has no width of its own. */
const usual = 110;

/** Compares source and destination; 1 where something did not fit or no device is on both sides. */
export function checkMigration(
  command: string,
  files: readonly string[],
  options: SurfaceOptions & { json?: boolean },
): number {
  const [source, destination] = files;
  if (source === undefined || destination === undefined || files.length > 2)
    throw new UsageError(`${command}: --migration takes two captures, that of the source and that of the destination`);
  try {
    const comparison = compareMigration(accountOf(source), accountOf(destination));
    const surface = surfaceOf(options);
    const { colour, width = usual } = surface;
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ source, destination, ...comparison })}\n`
        : shownOn(surface, migrationText(comparison, { colour, width })),
    );
    const isBad = comparison.devices.some(({ checks }) => checks.some(({ outcome }) => outcome === 'bad'));
    return isBad || comparison.alone.length > 0 || comparison.devices.length === 0 ? 1 : 0;
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}
