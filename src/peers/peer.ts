/**
 * A simulated peer from its plan: opens the socket, and for each of its connections takes the steps of a script. It
 * blocks, so it has a thread of its own (worker.ts).
 */
import { rmSync } from 'node:fs';
import type { Frame } from '../decode/frame.ts';
import { monotonicNs } from '../sys/clock.ts';
import { close, errno } from '../sys/libc.ts';
import { Resources } from '../sys/resources.ts';
import { type Address, acceptFrom, addressText, dial, listenAt } from '../sys/socket.ts';
import { SystemError } from '../sys/system-error.ts';
import { Connection, PeerError } from './connection.ts';
import { Driver } from './driver.ts';
import { perform } from './perform.ts';
import { createDevice } from './personality.ts';
import { backEndRole, frontEndRole, type Role, type Setting } from './role.ts';
import type { Script } from './script.ts';
import type { BackEndTraits, FrontEndTraits } from './traits.ts';

/** What a peer is and does; plain data. */
export type Plan = {
  readonly address: Address;
  /** Which end of the socket it is; both sides of the protocol can be either. */
  readonly socket: 'listen' | 'connect';
  /** What it does, connection by connection; it ends after the last. */
  readonly scripts: readonly Script[];
  /** Goes on with the next connection where one could not take all of its steps. */
  readonly goesOn?: boolean;
  /** How long it waits for anything, ms. */
  readonly patience?: number;
  /** How long it waits for a connection, ms, where that is not the same. */
  readonly connectPatience?: number;
} & (
  | { readonly side: 'front-end'; readonly traits: FrontEndTraits }
  | { readonly side: 'back-end'; readonly traits: BackEndTraits }
);

/** What happened on one connection. */
export interface Account {
  /** Every message as this side sent or received it, numbered from 1. */
  readonly frames: readonly Frame[];
  /** What came back through rings and pipes, in order. */
  readonly answers: readonly Uint8Array[];
  /** How many messages there had been at each mark of the script. */
  readonly marks: Readonly<Record<string, number>>;
  /** The other side had closed the connection before the script was over, or before it gave up. */
  readonly closed: boolean;
}

/** How a peer ended. */
export interface Outcome {
  readonly connections: readonly Account[];
  /** Why it could not take all of its steps. */
  readonly error?: string;
}

const usualPatience = 5000;
const retryMs = 5;
/** Something to wait on that nobody ever wakes. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

/**
 * Runs a peer to its end. Never throws: what stopped it is part of the outcome.
 *
 * @param listening called once connections can be made, at once for a peer that connects
 * @param stopped asked now and then whether to give up
 */
export function runPeer(plan: Plan, listening: () => void, stopped: () => boolean): Outcome {
  const connections: Account[] = [];
  const resources = new Resources();
  const setting = { resources, patience: plan.patience ?? usualPatience, stopped };
  const roleFor = roleOf(plan, setting);
  let listener: number | undefined;
  try {
    if (plan.socket === 'listen') listener = listenAt(plan.address);
    listening();
    for (const script of plan.scripts) {
      const fd = patiently(plan, setting, () => (listener === undefined ? dial(plan.address) : acceptFrom(listener)));
      const connection = new Connection(fd, roleFor);
      try {
        perform(script, connection);
      } catch (error) {
        if (plan.goesOn !== true) throw error;
      } finally {
        connections.push(accountOf(connection));
        connection.close();
      }
    }
    return { connections };
  } catch (error) {
    return { connections, error: error instanceof Error ? error.message : String(error) };
  } finally {
    resources.close();
    if (listener !== undefined) stopListening(listener, plan.address);
  }
}

function accountOf(connection: Connection): Account {
  const { witness, answers, marks } = connection;
  return { frames: witness.frames, answers, marks, closed: connection.isClosed('main') };
}

/** Makes the role of each connection; what outlives connections, the driver or the device, is made once. */
function roleOf(plan: Plan, setting: Setting): (connection: Connection) => Role {
  if (plan.side === 'front-end') {
    const driver = new Driver(plan.traits);
    return connection => frontEndRole(plan.traits, setting, driver, connection);
  }
  const device = createDevice(plan.traits.personality);
  return connection => backEndRole(plan.traits, setting, device, connection);
}

function stopListening(fd: number, address: Address): void {
  close(fd);
  if ('path' in address) rmSync(address.path, { force: true });
}

/** What the other side's not being there yet looks like. */
const notYet: readonly number[] = [errno.EAGAIN, errno.ENOENT, errno.ECONNREFUSED];

/** Tries for a connection until there is one. */
function patiently(plan: Plan, { patience, stopped }: Setting, attempt: () => number): number {
  const deadline = monotonicNs() + (plan.connectPatience ?? patience) * 1e6;
  for (;;) {
    const fd = attempt();
    if (fd >= 0) return fd;
    const what = `cannot ${plan.socket === 'listen' ? 'accept at' : 'connect to'} ${addressText(plan.address)}`;
    if (!notYet.includes(-fd) || monotonicNs() > deadline) throw new SystemError(what, fd);
    if (stopped()) throw new PeerError('stopped');
    Atomics.wait(nobody, 0, 0, retryMs);
  }
}
