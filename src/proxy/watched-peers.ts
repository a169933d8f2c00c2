/** Who the peers of the connections are, and whether a peer whose connection has ended still lives. */
import { dialectOfProgram } from '../decode/dialects/programs.ts';
import type { Dialect } from '../decode/frame.ts';
import { close } from '../sys/libc.ts';
import { hasExited, openPidFd } from '../sys/pidfd.ts';
import { type Connection, findPeer, type Peer } from '../sys/process.ts';
import type { Side } from './reports.ts';

/** Milliseconds after a connection's end at which its peers are looked at. */
const looksMs = [0, 10, 30, 100, 300, 1000] as const;
/** Milliseconds between two searches for the holder of a socket. */
const retriesMs = [20, 100, 500] as const;

interface Watched {
  pid: number;
  pidFd: number;
}

/** The peers of all connections. */
export class WatchedPeers {
  readonly #connections = new Map<number, Map<Side, Watched>>();
  #closed = false;
  /** Connections that are over while their peers are still looked at, and since when. */
  readonly #followed = new Map<number, number>();
  readonly #found: (connection: number, side: Side, peer: Peer, dialect: Dialect | undefined) => void;
  readonly #ended: (connection: number, side: Side, end: { pid: number; state: string; after_ms: number }) => void;

  /**
   * @param found a peer's process is known
   * @param ended what became of a peer's process after its connection's end: `exited`, or `alive` after a second
   */
  constructor(
    found: (connection: number, side: Side, peer: Peer, dialect: Dialect | undefined) => void,
    ended: (connection: number, side: Side, end: { pid: number; state: string; after_ms: number }) => void,
  ) {
    this.#found = found;
    this.#ended = ended;
  }

  /** Finds out who a connection's peer is. */
  async identify(connection: number, side: Side, socket: Connection): Promise<void> {
    // The caller's process is held on to at once: by the time the holder is found it may be gone.
    this.#hold(connection, side, socket.credentials?.pid);
    let peer = await findPeer(socket);
    // A connection that lies in a listener's queue has no holder yet.
    for (const delay of retriesMs) {
      if (peer?.foundBy === 'socket-inode' || this.#closed || this.#followed.has(connection)) break;
      await new Promise<void>(resolve => setTimeout(resolve, delay).unref());
      peer = (await findPeer(socket)) ?? peer;
    }
    if (peer === undefined) return;
    this.#hold(connection, side, peer.process.pid);
    this.#found(connection, side, peer, dialectOfProgram(peer.process, side));
  }

  #hold(connection: number, side: Side, pid: number | undefined): void {
    const sides = this.#connections.get(connection) ?? new Map<Side, Watched>();
    const before = sides.get(side);
    if (this.#closed || !pid || before?.pid === pid) return;
    const pidFd = openPidFd(pid);
    if (pidFd === undefined) return;
    if (before !== undefined) close(before.pidFd);
    sides.set(side, { pid, pidFd });
    this.#connections.set(connection, sides);
  }

  /** A connection is over: tells what became of its peers. */
  async follow(connection: number): Promise<void> {
    const started = performance.now();
    this.#followed.set(connection, started);
    for (const delay of looksMs) {
      const left = Math.max(0, started + delay - performance.now());
      await new Promise<void>(resolve => setTimeout(resolve, left).unref());
      if (!this.#followed.has(connection)) return;
      this.#look(connection, started, delay === looksMs.at(-1));
    }
  }

  /** Looks at the peers of a connection that is over; the last time those that still live are told too. */
  #look(connection: number, started: number, last: boolean): void {
    const sides = this.#connections.get(connection) ?? new Map<Side, Watched>();
    for (const [side, { pid, pidFd }] of sides) {
      const exited = hasExited(pidFd);
      if (!exited && !last) continue;
      sides.delete(side);
      close(pidFd);
      const after_ms = Math.round(performance.now() - started);
      this.#ended(connection, side, { pid, state: exited ? 'exited' : 'alive', after_ms });
    }
    if (!last) return;
    this.#followed.delete(connection);
    this.#connections.delete(connection);
  }

  /** Waits no longer: tells at once what became of the peers of the connections that are over. */
  settle(): void {
    for (const [connection, started] of this.#followed) this.#look(connection, started, true);
  }

  /** Lets go of every process. */
  close(): void {
    this.#closed = true;
    for (const sides of this.#connections.values()) {
      for (const { pidFd } of sides.values()) close(pidFd);
      // Whoever still follows one of them must not close it again: its number may be somebody else's by then.
      sides.clear();
    }
    this.#connections.clear();
    this.#followed.clear();
  }
}
