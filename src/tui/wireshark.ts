/** Opening the same place of a capture in Wireshark: whether that can be done here, how, and doing it. */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A packet of a file, by its number. */
export interface PacketPlace {
  readonly path: string;
  /** From 1, as Wireshark counts. */
  readonly number: number;
}

/** True, or why Wireshark cannot be opened here. */
export function wiresharkHere({ PATH = '', DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): true | string {
  const isThere = PATH.split(delimiter).some(folder => folder !== '' && isExecutable(join(folder, 'wireshark')));
  if (!isThere) return 'there is no wireshark in PATH; y w copies the command for a machine that has one';
  if (!DISPLAY && !WAYLAND_DISPLAY) return 'there is no display (DISPLAY, WAYLAND_DISPLAY); y w copies the command';
  return true;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const argumentsFor = ({ path, number }: PacketPlace): string[] => ['-r', path, '-g', String(number)];

/** The command for a shell. */
export function wiresharkCommand(place: PacketPlace): string {
  const quoted = (word: string): string => (/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return ['wireshark', ...argumentsFor(place)].map(quoted).join(' ');
}

/** Starts it, as a program that outlives us. `failed` is told why it did not start. */
export function openWireshark(place: PacketPlace, failed: (why: string) => void): void {
  const child = spawn('wireshark', argumentsFor(place), { detached: true, stdio: 'ignore' });
  child.once('error', error => failed(`wireshark cannot be started: ${error.message}`));
  child.once('exit', status => status && failed(`wireshark ended with status ${status}`));
  child.unref();
}
