/** Names of the files one recording is spread over: `vm.pcapng`, `vm.000002.pcapng`, `vm.000003.pcapng`, … */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a path says: its beginning, the file's number in the recording, and the extension. */
interface Parts {
  stem: string;
  number: number;
  extension: string;
}

/** Six digits that begin with a zero: neither a date nor a process number. */
const numbered = /\.(0\d{5})$/;

function partsOf(path: string): Parts {
  const dot = path.lastIndexOf('.');
  const hasExtension = dot > path.lastIndexOf('/') + 1;
  const extension = hasExtension ? path.slice(dot) : '';
  const stem = hasExtension ? path.slice(0, dot) : path;
  // A file without an extension has its number where others have theirs.
  if (numbered.test(extension)) return { stem, number: Number(extension.slice(1)), extension: '' };
  const found = numbered.exec(stem);
  if (found === null) return { stem, number: 1, extension };
  return { stem: stem.slice(0, found.index), number: Number(found[1]), extension };
}

/** The path of a recording's file by its number; file 1 has the name the user gave. */
export function rotatedPath(path: string, number: number): string {
  const { stem, extension } = partsOf(path);
  return number === 1 ? `${stem}${extension}` : `${stem}.${String(number).padStart(6, '0')}${extension}`;
}

/**
 * The path of the file that follows the given one and is there: the next number or, where older files were removed,
 * the next that is left. Undefined where there is none.
 */
export function followingPath(path: string): string | undefined {
  const { stem, number, extension } = partsOf(path);
  const next = rotatedPath(path, number + 1);
  if (existsSync(next)) return next;
  // As long as the file itself is there none behind it was removed, since the oldest go first.
  if (existsSync(path)) return undefined;
  const later = namesIn(dirname(path))
    .map(name => join(dirname(path), name))
    .map(other => ({ other, parts: partsOf(other) }))
    .filter(
      ({ parts }) => basename(parts.stem) === basename(stem) && parts.extension === extension && parts.number > number,
    )
    .sort((a, b) => a.parts.number - b.parts.number);
  return later[0]?.other;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
