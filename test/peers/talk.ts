import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import type { Channel, Frame } from '../../src/decode/frame.ts';
import { decodeFrame, type Message } from '../../src/decode/message.ts';
import type { Account, Outcome, Plan } from '../../src/peers/peer.ts';
import type { EngineEvent, PairOptions } from '../../src/proxy/engine.ts';
import type { ArmedRule } from '../../src/proxy/hold/rule.ts';

// What starts a thread is tested as it is built; its types are those of the sources.
const built = { peers: '../../dist/peers/start.js', engine: '../../dist/proxy/engine.js' };
const { startPeer } = (await import(built.peers)) as typeof import('../../src/peers/start.ts');
const { startEngine } = (await import(built.engine)) as typeof import('../../src/proxy/engine.ts');

/** What a peer is, apart from its socket. */
export type FrontEnd = Omit<Plan & { side: 'front-end' }, 'address' | 'socket' | 'side'>;
export type BackEnd = Omit<Plan & { side: 'back-end' }, 'address' | 'socket' | 'side'>;
type SocketRole = Plan['socket'];

/** What both sides and, where there was one, the recording say. */
export interface Talk {
  front: Outcome;
  back: Outcome;
}

async function inFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-peers-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a front-end and a back-end until both have ended; a failing front-end takes the back-end along. */
async function run(front: Plan & { side: 'front-end' }, back: Plan & { side: 'back-end' }): Promise<Talk> {
  const backEnd = startPeer(back);
  const frontEnd = startPeer(front);
  const outcome = await frontEnd.ended;
  if (outcome.error) backEnd.stop();
  return { front: outcome, back: await backEnd.ended };
}

/** Lets a front-end and a back-end talk directly. */
export function talk(front: FrontEnd, back: BackEnd): Promise<Talk> {
  return inFolder(folder => {
    const address = { path: join(folder, 'back.sock') };
    return run(
      { ...front, side: 'front-end', socket: 'connect', address },
      { ...back, side: 'back-end', socket: 'listen', address },
    );
  });
}

/** The same where neither side has anything to complain of. */
export async function talkWell(front: FrontEnd, back: BackEnd): Promise<Talk> {
  const said = await talk(front, back);
  expect([said.front.error, said.back.error]).toEqual([undefined, undefined]);
  return said;
}

/** A talk through the proxy, and what it has recorded and told of it. */
export interface RecordedTalk extends Talk {
  frames: Frame[];
  events: EngineEvent[];
}

/** Lets them talk through the proxy; each side listens or connects. */
export function talkThroughProxy(
  front: FrontEnd,
  back: BackEnd,
  roles: { front: SocketRole; back: SocketRole } = { front: 'connect', back: 'listen' },
  options: Partial<PairOptions> = {},
  rules: readonly ArmedRule[] = [],
): Promise<RecordedTalk> {
  return inFolder(async folder => {
    const frontEnd = { path: join(folder, 'front.sock') };
    const backEnd = { path: join(folder, 'back.sock') };
    const path = join(folder, 'talk.pcapng');
    const other = (role: SocketRole) => (role === 'listen' ? 'connect' : 'listen');
    const pair: PairOptions = {
      name: 'talk',
      frontEnd: { role: other(roles.front), address: frontEnd },
      backEnd: { role: other(roles.back), address: backEnd },
      ...options,
    };
    const events: EngineEvent[] = [];
    const engine = await startEngine({ pairs: [pair], capture: { path }, version: 'vhuscope test', rules }, event =>
      events.push(event),
    );
    const said = await run(
      { ...front, side: 'front-end', socket: roles.front, address: frontEnd },
      { ...back, side: 'back-end', socket: roles.back, address: backEnd },
    );
    await engine.stop();
    const frames = [...readCapture(path)].map(frame => ({ ...frame, bytes: frame.bytes.slice() }));
    return { ...said, frames, events };
  });
}

/** The messages of an account, decoded. */
export function messages(account: Account | undefined): Message[] {
  return (account?.frames ?? []).map(frame => decodeFrame(frame));
}

/** Names in order: `=` for a reply, `!` where an acknowledgement is wanted. */
export function names(account: Account | undefined): string[] {
  return messages(account).map(({ name, reply, needReply }) => `${name}${reply ? '=' : needReply ? '!' : ''}`);
}

/** What every witness of a message must agree on. */
export interface Seen {
  dir: Frame['dir'];
  message: string;
  bytes: string;
  fds: string[];
}

/**
 * The messages of a channel as a witness has seen them. The same descriptor has the same identity for all, apart from
 * sockets that the proxy has put itself into.
 */
export function seen(frames: readonly Frame[] | undefined, channel: Frame['channel'] = 'main'): Seen[] {
  const own = (frames ?? []).filter(frame => frame.kind === 'message' && frame.channel === channel);
  return own.map(frame => ({
    dir: frame.dir,
    message: decodeFrame(frame).name,
    bytes: Buffer.from(frame.bytes).toString('hex'),
    fds: frame.fds.map(({ kind, dev, inode, id, size, seals, name }) =>
      kind === 'socket' ? kind : JSON.stringify({ kind, dev, inode, id, size, seals, name }),
    ),
  }));
}

const channels: readonly Channel[] = ['main', 'backend-req', 'gpu'];

/** One direction after the other: what crosses on the way is seen in different orders by the two sides. */
function byDirection(said: readonly Seen[]): Seen[] {
  return [...said.filter(({ dir }) => dir === 'front-to-back'), ...said.filter(({ dir }) => dir === 'back-to-front')];
}

/** The messages of each channel agree: as the front-end saw them, as the back-end did, and as they were recorded. */
export function expectAgreement({ front, back, frames }: RecordedTalk): void {
  expect([front.error, back.error]).toEqual([undefined, undefined]);
  for (const [at, account] of front.connections.entries()) {
    const recorded = frames.filter(({ epoch }) => epoch === at + 1);
    for (const channel of channels) {
      const said = byDirection(seen(account.frames, channel));
      const served = byDirection(seen(back.connections[at]?.frames, channel));
      expect(served, `${channel} at the back-end`).toEqual(said);
      expect(byDirection(seen(recorded, channel)), `${channel} in the capture`).toEqual(said);
    }
  }
}

/** What a back-end can offer. */
export const everyFeature = {
  virtio: ['PROTOCOL_FEATURES', 'VERSION_1', 'LOG_ALL'],
  protocol: [
    ...['MQ', 'LOG_SHMFD', 'REPLY_ACK', 'BACKEND_REQ', 'CONFIG', 'BACKEND_SEND_FD', 'HOST_NOTIFIER'],
    ...['INFLIGHT_SHMFD', 'CONFIGURE_MEM_SLOTS', 'STATUS', 'SHARED_OBJECT', 'DEVICE_STATE', 'SHMEM'],
  ],
};
