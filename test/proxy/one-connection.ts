/** A relay for each test, with one connection to begin with; what is open of it is closed when the test is over. */
import { afterEach } from 'vitest';
import { kept, letGoOfAll } from '../sys/open-fds.ts';
import { Stand } from './stand.ts';

export let stand: Stand;

/** The far ends of a connection. */
export interface Ends {
  front: number;
  back: number;
}

/** Ends what a test of the file that calls this has started. */
export function aroundEachTest(): void {
  afterEach(() => {
    letGoOfAll();
    stand.close();
  });
}

/** Starts the test's relay, and a connection through it. */
export function connected(...how: ConstructorParameters<typeof Stand>): Ends {
  stand = new Stand(...how);
  return again();
}

/** A further connection through the same relay. */
export function again(): Ends {
  const { front, back } = stand.connect();
  return { front: kept(front), back: kept(back) };
}
