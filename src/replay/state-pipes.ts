/** A back-end's internal state on its way through the pipes of a migration, in both directions and without waiting. */
import { writeSync } from 'node:fs';
import { close } from '../sys/libc.ts';
import { readSome } from '../sys/resources.ts';

/** What is handed over as a state, and who gets what the other side hands over. */
export interface States {
  /** Given wherever a state is to be handed over from here; where absent, none is. */
  readonly give?: Uint8Array | undefined;
  /** Takes a state piece by piece; where absent it is thrown away. */
  readonly take?: ((piece: Uint8Array) => void) | undefined;
}

/** The pipes of one connection. It owns their ends, and closes each as soon as all has gone through it. */
export class StatePipes {
  readonly #states: States;
  /** Bytes gone by writing end. */
  readonly #giving = new Map<number, number>();
  readonly #taking = new Set<number>();

  constructor(states: States) {
    this.#states = states;
  }

  /** Whether there is a state to give. */
  get hasState(): boolean {
    return this.#states.give !== undefined;
  }

  /** Whether some state is still on its way. */
  get isBusy(): boolean {
    return this.#giving.size + this.#taking.size > 0;
  }

  /** Hands the state over through the writing end of a pipe, which must not wait. */
  give(fd: number): void {
    this.#giving.set(fd, 0);
    this.turn();
  }

  /** Takes a state from the reading end of a pipe, which must not wait, until the other side has closed it. */
  take(fd: number): void {
    this.#taking.add(fd);
    this.turn();
  }

  /** Moves what can be moved. */
  turn(): void {
    for (const [fd, gone] of this.#giving) this.#push(fd, gone);
    for (const fd of this.#taking) {
      let some = readSome(fd);
      for (; some && some.length > 0; some = readSome(fd)) this.#states.take?.(some);
      if (some) this.#end(fd);
    }
  }

  close(): void {
    for (const fd of [...this.#giving.keys(), ...this.#taking]) this.#end(fd);
  }

  #push(fd: number, gone: number): void {
    const state = this.#states.give ?? new Uint8Array(0);
    let at = gone;
    try {
      while (at < state.length) at += writeSync(fd, state, at, state.length - at);
      this.#end(fd);
    } catch (error) {
      // The pipe is full, or nobody reads from it any more.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#giving.set(fd, at);
      else this.#end(fd);
    }
  }

  #end(fd: number): void {
    close(fd);
    this.#giving.delete(fd);
    this.#taking.delete(fd);
  }
}
