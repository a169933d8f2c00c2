/** Asking for a replay from inside the viewer: of which connection, which side of it, and where the other one lives. */
import type { Side } from '../decode/side.ts';
import { SyntaxProblem } from '../decode/syntax-problem.ts';
import type { Model } from './model.ts';
import { readWords, type Words } from './words.ts';

/** A connection of the capture, as `replay` chooses it; the first one where nothing is said. */
export interface PlayedConnection {
  readonly pair?: string;
  readonly session?: number;
  readonly epoch?: number;
}

/** A replay that is to be started. */
export interface ReplayOrder extends PlayedConnection {
  /** The side that is played. */
  readonly side: Side;
  /** Where the living one listens, or connects. */
  readonly socket: string;
  readonly step: boolean;
  readonly strict: boolean;
  /** Times the recorded pace; else as fast as the other side answers. */
  readonly speed?: string;
}

/** What may be typed. */
export const replayWords: Words = {
  to: { takes: 'path', meaning: 'play the front-end, towards the back-end that listens at this socket' },
  listen: { takes: 'path', meaning: 'play the back-end, for a front-end that connects to this socket' },
  step: { meaning: 'wait for a key before each message' },
  speed: { takes: 'factor', meaning: 'times the recorded pace, else as fast as the other side answers: speed 0.5' },
  strict: { meaning: 'send the recorded bytes alone: adapt nothing' },
};

/** Reads what was typed. @throws SyntaxProblem that names the column */
export function parseReplay(text: string): Omit<ReplayOrder, keyof PlayedConnection> {
  const { given, at } = readWords(text, replayWords);
  const rest = text.slice(at);
  if (rest.trim() !== '') {
    const column = at + rest.length - rest.trimStart().length;
    throw new SyntaxProblem(`expected ${Object.keys(replayWords).join(', ')}`, column);
  }
  const [to, listen, speed] = [given.get('to'), given.get('listen'), given.get('speed')];
  const socket = to ?? listen;
  if (socket === undefined || (to !== undefined && listen !== undefined))
    throw new SyntaxProblem('expected where the living side is: to SOCKET, or listen SOCKET', text.length);
  return {
    side: to === undefined ? 'back-end' : 'front-end',
    socket: String(socket),
    step: given.has('step'),
    strict: given.has('strict'),
    ...(speed !== undefined && { speed: String(speed) }),
  };
}

/** True, or why no replay can be started now. */
export function canReplay({ replay, replays }: Model): true | string {
  if (replay && !replay.ended && !replay.verdict) return 'a replay runs already: x in its view ends it';
  return replays;
}
