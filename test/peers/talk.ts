import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrame, type Message } from '../../src/decode/message.ts';
import type { Account, Outcome, Plan } from '../../src/peers/peer.ts';

// What starts a thread is tested as it is built; its types are those of the sources.
const built = '../../dist/peers/start.js';
const { startPeer } = (await import(built)) as typeof import('../../src/peers/start.ts');

type FrontEnd = Omit<Plan & { side: 'front-end' }, 'address' | 'socket' | 'side'>;
type BackEnd = Omit<Plan & { side: 'back-end' }, 'address' | 'socket' | 'side'>;

/** Lets a front-end and a back-end talk over a socket of their own, or over two with something in between. */
export async function talk(
  front: FrontEnd,
  back: BackEnd,
  through: (listen: string, connect: string) => Promise<() => Promise<void>> = async () => async () => {},
  direct = true,
): Promise<{ front: Outcome; back: Outcome }> {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-peers-'));
  const backSocket = join(folder, 'back.sock');
  const frontSocket = direct ? backSocket : join(folder, 'front.sock');
  try {
    const backEnd = startPeer({ ...back, side: 'back-end', socket: 'listen', address: { path: backSocket } });
    await backEnd.ready;
    const leave = await through(frontSocket, backSocket);
    const frontEnd = startPeer({ ...front, side: 'front-end', socket: 'connect', address: { path: frontSocket } });
    const outcome = await frontEnd.ended;
    if (outcome.error) backEnd.stop();
    const other = await backEnd.ended;
    await leave();
    return { front: outcome, back: other };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The messages of an account, decoded. */
export function messages(account: Account | undefined): Message[] {
  return (account?.frames ?? []).map(frame => decodeFrame(frame));
}

/** Names in order, as a person would list them: `=` for a reply, `!` where an acknowledgement is wanted. */
export function names(account: Account | undefined): string[] {
  return messages(account).map(({ name, reply, needReply }) => `${name}${reply ? '=' : needReply ? '!' : ''}`);
}
