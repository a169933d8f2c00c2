/** Which connection of a capture is meant: `FILE`, `FILE#1.2`, or options that name a pair, session or epoch. */
import { existsSync } from 'node:fs';
import type { ConnectionAccount, RecordingAccount } from '../decode/account/account.ts';
import { tellingConnection } from '../decode/report/report.ts';
import { Failure, UsageError } from './usage.ts';

/** What is said about a connection; what is absent may be anything. */
export interface Choice {
  readonly pair?: string | undefined;
  readonly session?: number | undefined;
  readonly epoch?: number | undefined;
}

/** Takes `FILE#session.epoch` apart; a file that has such a name itself is that file. */
export function placeOf(text: string): { path: string; choice: Choice } {
  const match = /^(.*)#(\d+)\.(\d+)$/.exec(text);
  if (!match || existsSync(text)) return { path: text, choice: {} };
  const [, path = '', session, epoch] = match;
  return { path, choice: { session: Number(session), epoch: Number(epoch) } };
}

/** The account of a capture, and what could not be read of it. */
type Recording = RecordingAccount & { readonly path: string; readonly unread?: readonly string[] };

/** The connection that is meant, or the most telling one of those that may be. Throws where there is none. */
export function chosenIn(recording: Recording, choice: Choice): ConnectionAccount {
  const { pair, session, epoch } = choice;
  const connections = recording.connections.filter(
    one =>
      (pair === undefined || one.pair === pair) &&
      (session === undefined || one.session === session) &&
      (epoch === undefined || one.epoch === epoch),
  );
  const found = tellingConnection({ ...recording, connections });
  if (found) return found;
  const all = recording.connections.map(one => `${one.pair} ${one.session}.${one.epoch}`);
  const { path, unread = [] } = recording;
  if (all.length === 0 && unread.length > 0)
    throw new Failure(`nothing to be told of a connection: ${unread.join('; ')}`);
  if (all.length === 0) throw new Failure(`${path}: nobody connected while this was recorded`);
  throw new UsageError(`there is no such connection in ${path}; it has ${all.join(', ')}`);
}
