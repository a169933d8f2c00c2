/** Descriptors that a test has open: closed one by one, or all of them when it is over. */
import { readdirSync } from 'node:fs';
import { close } from '../../src/sys/libc.ts';

const open: number[] = [];

/** Keeps a descriptor until the test is over. */
export function kept(fd: number): number {
  open.push(fd);
  return fd;
}

/** Closes a descriptor that was kept before the test is over. */
export function letGo(fd: number): void {
  close(open.splice(open.indexOf(fd), 1)[0] as number);
}

/** What is kept. */
export const keptFds = (): readonly number[] => open;

/** Closes everything that is still kept. */
export function letGoOfAll(): void {
  for (const fd of open.splice(0)) close(fd);
}

/** The numbers of all descriptors of this process. */
export const openFds = (): string[] => readdirSync('/proc/self/fd').sort();
