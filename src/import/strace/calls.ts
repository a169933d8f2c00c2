/**
 * Lines of strace to system calls, whatever options it was given: process ids with -f, in brackets or not, any kind of
 * time (-t, -tt, -ttt, -r) or none, durations (-T), calls that another thread has cut in two.
 */
import { type NamedFd, namedFds } from './descriptors.ts';

/** One finished system call. */
export interface Call {
  /** Number of the line that tells its result, from 1. */
  line: number;
  /** Process or thread; 0 where the log does not tell. */
  pid: number;
  /** Seconds when it began: since 1970, since midnight or since the first line, as the log has it; undefined without. */
  time: number | undefined;
  /** When it returned, on the same clock, where the log tells: with -T, or in two lines. */
  ended?: number;
  name: string;
  /** Everything between the parentheses, as printed. */
  arguments: string;
  /** The returned number; negative on failure. */
  result: number;
  /** The error's name (`EPIPE`) of a call that failed. */
  error?: string;
  /** The descriptor a call returned (`accept4`). */
  resultFd?: NamedFd;
}

const head =
  /^(?:\[pid\s+(\d+)\] |(\d+)\s+)?\s*(?:(\d+):(\d\d):(\d\d(?:\.\d+)?)\s+|(\d+\.\d+)\s+)?(?:\(\+\s*\d+\.\d+\)\s+)?(?=[a-z_]\w*\(|<\.\.\. |<)/;
/** Times below this are distances from the line before (-r), not seconds since 1970. */
const longestDistance = 1e8;

/** Whether a line can be one of strace. */
export function isStraceLine(line: string): boolean {
  const start = head.exec(line)?.[0].length;
  if (start === undefined) return false;
  const text = line.slice(start);
  return /^<\.\.\. \w+ resumed>/.test(text) || (/^\w+\(/.test(text) && /\)\s+= (?:-?\d|\?|0x)|<unfinished/.test(text));
}

/** Turns what a log shows of time into seconds. */
class Clock {
  #before = 0;

  read(
    hours: string | undefined,
    minutes: string | undefined,
    seconds: string | undefined,
    number: string | undefined,
  ) {
    if (hours !== undefined) return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    if (number === undefined) return undefined;
    const value = Number(number);
    if (value >= longestDistance) return value;
    this.#before += value;
    return this.#before;
  }
}

/** Every finished call among the lines of a log, in the order in which they returned. */
export function* calls(lines: Iterable<string>): Generator<Call, void, undefined> {
  const begun = new Map<number, { time: number | undefined; text: string }>();
  const clock = new Clock();
  let number = 0;
  for (const line of lines) {
    number++;
    const start = head.exec(line);
    if (!start) continue;
    const pid = Number(start[1] ?? start[2] ?? 0);
    const now = clock.read(start[3], start[4], start[5], start[6]);
    let time = now;
    let ended: number | undefined;
    let text = line.slice(start[0].length);
    if (text.endsWith('<unfinished ...>')) {
      begun.set(pid, { time, text: text.slice(0, -'<unfinished ...>'.length) });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>\s?/.exec(text);
    if (resumed) {
      const first = begun.get(pid);
      if (!first) continue;
      begun.delete(pid);
      ended = now;
      time = first.time;
      text = first.text + text.slice(resumed[0].length);
    }
    const call = /^(\w+)\((.*)\)\s+= (-?\d+)(?: (E[A-Z0-9]+))?/.exec(text);
    if (!call) continue;
    const [, name = '', args = '', result, error] = call;
    const behind = text.slice(text.lastIndexOf(') = ') + 4);
    const took = /<(\d+\.\d+)>\s*$/.exec(behind)?.[1];
    if (took !== undefined && time !== undefined) ended = time + Number(took);
    const returned = namedFds(behind.replace(/<\d+\.\d+>\s*$/, ''))[0];
    yield {
      line: number,
      pid,
      time,
      ...(ended !== undefined && { ended }),
      name,
      arguments: args,
      result: Number(result),
      ...(error !== undefined && { error }),
      ...(returned && Number(result) >= 0 && { resultFd: returned }),
    };
  }
}
