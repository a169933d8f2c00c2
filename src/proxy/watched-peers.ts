/** Who the peers of the connections are, and whether a peer whose connection has ended still lives. */
import { dialectOfProgram } from '../decode/dialects/programs.ts';
import type { Dialect } from '../decode/frame.ts';
import type { Side } from '../decode/side.ts';
import { close } from '../sys/libc.ts';
import { hasExited, openPidFd } from '../sys/pidfd.ts';
import { type Connection, findPeer, type Peer } from '../sys/process.ts';

/** Milliseconds after a connection's end at which its peers are looked at. */
const looksMs = [0, 10, 30, 100, 300, 1000] as const;
/** Milliseconds between two searches for the holder of a socket. */
const retriesMs = [20, 100, 500] as const;

/** How often the peers are looked at while the end waits for theirs. */
const settlingMs = 5;

interface Watched {
  pid: number;
  pidFd: number;
}

interface Watch {
  readonly connection: number;
  readonly pair: string;
  readonly sides: Map<Side, Watched>;
  /** When the connection ended; undefined while it lasts. */
  over: number | undefined;
}

/** What became of a peer's process. */
export interface PeerEnd {
  readonly pid: number;
  /** `exited` or `alive`. */
  readonly state: string;
  /** Milliseconds from the end of its connection until it was found so; absent where it had exited by then. */
  readonly after_ms?: number;
}

/** The peers of all connections. */
export class WatchedPeers {
  readonly #connections = new Map<number, Watch>();
  #closed = false;
  readonly #found: (connection: number, side: Side, peer: Peer, dialect: Dialect | undefined) => void;
  readonly #ended: (connection: number, side: Side, end: PeerEnd) => void;

  /**
   * @param found a peer's process is known
   * @param ended what became of a peer's process after its connection's end: `exited`, or `alive` after a second; of one
   * that has connected again meanwhile it is told there
   */
  constructor(
    found: (connection: number, side: Side, peer: Peer, dialect: Dialect | undefined) => void,
    ended: (connection: number, side: Side, end: PeerEnd) => void,
  ) {
    this.#found = found;
    this.#ended = ended;
  }

  /** Finds out who a connection's peer is. */
  async identify(pair: string, connection: number, side: Side, socket: Connection): Promise<void> {
    if (this.#closed) return;
    const watch = this.#connections.get(connection) ?? { connection, pair, sides: new Map(), over: undefined };
    this.#connections.set(connection, watch);
    // The caller's process is held on to at once: by the time the holder is found it may be gone.
    this.#hold(watch, side, socket.credentials?.pid);
    let peer = await findPeer(socket);
    // A connection that lies in a listener's queue has no holder yet.
    for (const delay of retriesMs) {
      if (peer?.foundBy === 'socket-inode' || this.#closed || watch.over !== undefined) break;
      await new Promise<void>(resolve => setTimeout(resolve, delay).unref());
      peer = (await findPeer(socket)) ?? peer;
    }
    if (peer === undefined) return;
    if (this.#connections.get(connection) === watch) this.#hold(watch, side, peer.process.pid);
    this.#found(connection, side, peer, dialectOfProgram(peer.process, side));
  }

  #hold(watch: Watch, side: Side, pid: number | undefined): void {
    const before = watch.sides.get(side);
    if (this.#closed || !pid || before?.pid === pid) return;
    const others = [...this.#connections.values()].filter(
      ({ pair, sides }) => pair === watch.pair && sides.get(side)?.pid === pid,
    );
    // Of a process that has outlived a connection and made another it is told there.
    if (watch.over !== undefined && others.some(({ connection }) => connection > watch.connection)) return;
    const pidFd = openPidFd(pid);
    if (pidFd === undefined) return;
    if (before !== undefined) close(before.pidFd);
    watch.sides.set(side, { pid, pidFd });
    for (const { connection, over, sides } of others)
      if (over !== undefined && connection < watch.connection) letGo(sides, side);
  }

  /** A connection is over: tells what became of its peers. */
  async follow(connection: number): Promise<void> {
    const watch = this.#connections.get(connection);
    if (watch === undefined) return;
    const started = performance.now();
    watch.over = started;
    // Who has exited by now may have done so long before: while a message of its is held nobody hears of its end.
    this.#look(connection, watch, 'first');
    for (const delay of looksMs) {
      await new Promise<void>(resolve =>
        setTimeout(resolve, Math.max(0, delay - (performance.now() - started))).unref(),
      );
      if (!this.#connections.has(connection)) return;
      this.#look(connection, watch, delay === looksMs.at(-1) ? 'last' : 'later');
    }
  }

  /** Looks at the peers of a connection that is over; the last time those that still live are told too. */
  #look(connection: number, { sides, over = 0 }: Watch, when: 'first' | 'later' | 'last'): void {
    for (const [side, { pid, pidFd }] of sides) {
      const exited = hasExited(pidFd);
      if (!exited && when !== 'last') continue;
      letGo(sides, side);
      const after = when === 'first' ? {} : { after_ms: Math.round(performance.now() - over) };
      this.#ended(connection, side, { pid, state: exited ? 'exited' : 'alive', ...after });
    }
    if (when === 'last') this.#connections.delete(connection);
  }

  /** Tells at last what became of the peers of the connections that are over; waits at most so many milliseconds for it. */
  async settle(ms: number): Promise<void> {
    const followed = [...this.#connections].filter(([, { over }]) => over !== undefined);
    const alive = (): boolean =>
      followed.some(([, { sides }]) => [...sides.values()].some(({ pidFd }) => !hasExited(pidFd)));
    for (const until = performance.now() + ms; performance.now() < until && alive(); )
      await new Promise<void>(resolve => setTimeout(resolve, settlingMs));
    for (const [connection, watch] of followed) this.#look(connection, watch, 'last');
  }

  /** Lets go of every process. */
  close(): void {
    this.#closed = true;
    // Whoever still follows one of them must not close it again: its number may be somebody else's by then.
    for (const { sides } of this.#connections.values()) for (const side of [...sides.keys()]) letGo(sides, side);
    this.#connections.clear();
  }
}

function letGo(sides: Map<Side, Watched>, side: Side): void {
  const watched = sides.get(side);
  sides.delete(side);
  if (watched !== undefined) close(watched.pidFd);
}

/** What is recorded of a peer once it is known. */
export function peerEvent(
  side: Side,
  { process: info, foundBy, reason }: Peer,
): { event: string } & Record<string, unknown> {
  return {
    ...{ event: 'peer', side, pid: info.pid, comm: info.comm, executable: info.executable },
    ...{ build_id: info.buildId, version: info.version, command_line: info.commandLine, found_by: foundBy, reason },
  };
}
