/**
 * The terminal given back where the interface cannot do so itself: where it is killed. A shell waits for our end; it
 * does nothing where we say that we have left in order.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** The alternate screen is left, mouse and pasted text are reported no more, the cursor is seen, colours are the terminal's. */
const asBefore = [1049, 1000, 1002, 1003, 1006, 2004, 1].map(mode => `\\033[?${mode}l`).join('');
/**
 * Descriptor 3 is the terminal as it is read, 4 tells that its state is known. A shell that comes back restores that by
 * itself, and must not be disturbed in what it does next: only what still reads single keys is set right.
 */
const script = `
state=$(stty -g <&3); echo >&4; exec 4>&-
read -r word; [ "$word" = left ] && exit
printf '${asBefore}\\033>\\033[0m\\033[?25h\\r\\n'
sleep 0.1
case $(stty -a <&3) in *-isig*) stty "$state" <&3 ;; esac`;

/** Watches over the terminal until it is told that it was left in order. Resolves once it does. */
export async function guardTerminal(): Promise<() => void> {
  const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 1, 'ignore', 0, 'pipe'] });
  shell.unref();
  const words = shell.stdin as Writable;
  // Without a shell there is nobody who watches; the interface works as well.
  words.on('error', () => {});
  const known = once(shell.stdio[4] as Readable, 'readable');
  await Promise.race([known, once(shell, 'error'), once(shell, 'exit')]);
  return () => void words.end('left\n');
}
