/** The descriptors that a plan sends: those that came, and fresh ones that are made for it. */
import type { FdIdentity } from '../../decode/frame.ts';
import { inspect } from '../../sys/descriptor.ts';
import type { PassedFds } from '../passed-fds.ts';
import { makeFresh } from './fresh-fd.ts';
import type { FdChoice } from './plan.ts';

/** Descriptors ready to be sent. */
export interface LoadedFds {
  readonly fds: readonly number[];
  /** Those among them that are ours to close. */
  readonly fresh: readonly number[];
  /** What they are: the place of one that came, or what was made. */
  readonly what: readonly (number | FdIdentity)[];
}

/** Puts them together. One that cannot be made is left out, and `told`. */
export function loadFds(
  choices: readonly FdChoice[],
  came: PassedFds | undefined,
  told: (text: string) => void,
): LoadedFds {
  const fds: number[] = [];
  const fresh: number[] = [];
  const what: (number | FdIdentity)[] = [];
  const all = came?.all ?? [];
  for (const choice of choices) {
    try {
      const fd = typeof choice === 'number' ? all[choice] : makeFresh(choice);
      if (fd === undefined) continue;
      fds.push(fd);
      if (typeof choice !== 'number') fresh.push(fd);
      what.push(typeof choice === 'number' ? choice : inspect(fd).identity);
    } catch (error) {
      told(`no fresh ${(choice as Exclude<FdChoice, number>).fresh}: ${(error as Error).message}`);
    }
  }
  return { fds, fresh, what };
}

/** Has those among them that came say what they are, before they may be gone. */
export function identified({ what }: LoadedFds, came: PassedFds | undefined): void {
  if (came?.identities.length === 0 && what.some(each => typeof each === 'number')) came.identify();
}

/** What descriptors are that have been sent. */
export function identitiesOf(what: LoadedFds['what'], came: PassedFds | undefined): FdIdentity[] {
  return what.map(each => (typeof each === 'number' ? (came?.identities[each] ?? { kind: 'unknown' }) : each));
}
