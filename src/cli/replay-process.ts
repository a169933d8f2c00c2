/** A replay in a process of its own, whose lines the terminal interface shows. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ReplayOptions } from '../tui/replay.ts';
import type { ReplayOrder } from '../tui/replaying.ts';

/**
 * How such a process is started.
 *
 * @param argv what follows `vhuscope replay`
 * @param ended is told its exit status; undefined where it was stopped before its end
 */
export function replayProcess(
  argv: readonly string[],
  ended?: (status: number | undefined) => void,
): ReplayOptions['start'] {
  return listener => {
    const child = spawn(process.execPath, [process.argv[1] ?? '', 'replay', ...argv, '--json'], { stdio: 'pipe' });
    createInterface({ input: child.stdout }).on('line', line => listener.line(line));
    createInterface({ input: child.stderr }).on('line', line => listener.said(line.replace(/^vhuscope: /, '')));
    let over = false;
    let stopped = false;
    child.once('close', code => {
      over = true;
      ended?.(stopped ? undefined : (code ?? 1));
      listener.ended();
    });
    // It may have ended while a key was on its way.
    child.stdin.on('error', () => {});
    return {
      next: () => void child.stdin.write('\n'),
      stop: () => {
        if (over) return;
        stopped = true;
        child.kill('SIGTERM');
      },
    };
  };
}

/** What somebody has asked for inside the interface, as arguments. */
export function replayArguments({ side, socket, pair, session, epoch, step, strict, speed }: ReplayOrder): string[] {
  return [
    `${side === 'front-end' ? '--to' : '--listen'}=${socket}`,
    ...(pair === undefined ? [] : [`--pair=${pair}`]),
    ...(session === undefined ? [] : [`--session=${session}`]),
    ...(epoch === undefined ? [] : [`--epoch=${epoch}`]),
    ...(speed === undefined ? [] : [`--speed=${speed}`]),
    ...(step ? ['--step'] : []),
    ...(strict ? ['--strict'] : []),
  ];
}
