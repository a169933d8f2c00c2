/** `vhuscope replay` as a program of a scenario, and what it ends with. */
import { join } from 'node:path';
import { Program } from './programs.ts';
import { vhuscope } from './vhuscope.ts';

/** The last line of `replay --json`. */
export interface Verdict {
  type: string;
  same: boolean;
  unreached: number;
  remarks: string[];
  end: { how: string; asRecorded: boolean };
  counts: { said: number; missing: number; extra: number; late: number; 'left-out': number };
  deviations: { key: string }[];
}

/** What became of one message. */
export interface Told {
  type: 'message';
  name: string;
  text: string;
  result: string;
  notes: string[];
  differences: { path: string; because?: string }[];
}

/** Starts a replay of a capture. */
export function replaying(folder: string, capture: string, ...options: string[]): Program {
  const command = [process.execPath, vhuscope, 'replay', capture, ...options];
  return new Program('replay', [...command, '--json', '--expect-same'], { log: join(folder, 'replay.log') });
}

/** What it came to. */
export function verdictOf(program: Program): Verdict {
  return linesOf<Verdict>(program, 'verdict').at(-1) as Verdict;
}

/** What it told of the messages of a name, in order. */
export function toldOf(program: Program, name: string): Told[] {
  return linesOf<Told>(program, 'message').filter(told => told.name === name);
}

function linesOf<Line>(program: Program, type: string): Line[] {
  const lines = program.output.split('\n').filter(line => line.startsWith(`{"type":"${type}"`));
  return lines.map(line => JSON.parse(line) as Line);
}
