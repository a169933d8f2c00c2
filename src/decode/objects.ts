/**
 * Which descriptors are the same kernel object. Pure.
 *
 * Files are told by device and inode. An eventfd's number and a socket's inode are given away again as soon as they are
 * closed, so they prove something only while we know that somebody holds the object: from the message that passed it to
 * the one that ends its use. Later the number is only a hint (`sameIdAs`).
 */
import type { FdIdentity } from './frame.ts';

/** Objects without a user that are remembered, files and others each. */
const mostRemembered = 4096;

interface Used {
  object: number;
  /** How many uses hold it. */
  uses: number;
}

/** The objects of one recording. */
export class Objects {
  #last = 0;
  readonly #files = new Map<string, number>();
  readonly #used = new Map<string, Used>();
  readonly #ended = new Map<string, number>();
  /** What each use holds, by session and use. */
  readonly #uses = new Map<number, Map<string, string[]>>();

  /**
   * Gives the descriptors of one message their object numbers. `use` names what they are for (`12:0` the kick of ring
   * 0); a later message for the same use ends it. Without one nothing is known beyond the message itself.
   */
  pass(session: number, use: string | undefined, fds: readonly FdIdentity[]): void {
    const held: string[] = [];
    for (const fd of fds) {
      if (fd.dev !== undefined && fd.inode !== undefined) fd.object = this.#file(`${fd.dev}:${fd.inode}`);
      else if (fd.id !== undefined) held.push(this.#passing(fd, `${fd.kind}:${fd.id}`));
      else fd.object = ++this.#last;
    }
    if (use === undefined) this.#release(held);
    else {
      this.end(session, use);
      if (held.length > 0) this.#usesOf(session).set(use, held);
    }
  }

  /** A message ended this use. */
  end(session: number, use: string): void {
    const uses = this.#uses.get(session);
    const held = uses?.get(use);
    if (held === undefined) return;
    uses?.delete(use);
    this.#release(held);
  }

  /** The session is over, and with it every use in it. */
  endSession(session: number): void {
    for (const held of this.#uses.get(session)?.values() ?? []) this.#release(held);
    this.#uses.delete(session);
  }

  #usesOf(session: number): Map<string, string[]> {
    const uses = this.#uses.get(session) ?? new Map<string, string[]>();
    this.#uses.set(session, uses);
    return uses;
  }

  #file(key: string): number {
    let object = this.#files.get(key);
    if (object === undefined) object = ++this.#last;
    else this.#files.delete(key);
    remember(this.#files, key, object);
    return object;
  }

  #passing(fd: FdIdentity, key: string): string {
    let used = this.#used.get(key);
    if (used === undefined) {
      used = { object: ++this.#last, uses: 0 };
      this.#used.set(key, used);
      const before = this.#ended.get(key);
      if (before !== undefined) fd.sameIdAs = before;
    }
    used.uses++;
    fd.object = used.object;
    return key;
  }

  #release(held: readonly string[]): void {
    for (const key of held) {
      const used = this.#used.get(key);
      if (used === undefined || --used.uses > 0) continue;
      this.#used.delete(key);
      this.#ended.delete(key);
      remember(this.#ended, key, used.object);
    }
  }
}

function remember(map: Map<string, number>, key: string, object: number): void {
  map.set(key, object);
  if (map.size > mostRemembered) map.delete(map.keys().next().value as string);
}
