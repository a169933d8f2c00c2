import { ftruncateSync, openSync } from 'node:fs';
import { createEventFd } from '../../sys/event-fd.ts';
import { memfdCreate } from '../../sys/libc.ts';
import { closingOnError } from '../../sys/socket.ts';
import { checked } from '../../sys/system-error.ts';
import type { FdChoice } from './plan.ts';

const closeOnExec = 1;

/** Makes the descriptor a plan asks for; the caller closes it. Throws for people where the kernel gives none. */
export function makeFresh(choice: Exclude<FdChoice, number>): number {
  if (!('size' in choice)) return choice.fresh === 'eventfd' ? createEventFd() : openSync('/dev/null', 'r+');
  const { size } = choice;
  const fd = checked(memfdCreate('vhuscope', closeOnExec), `cannot make ${size} bytes of memory`);
  return closingOnError(fd, () => {
    ftruncateSync(fd, size);
    return fd;
  });
}
