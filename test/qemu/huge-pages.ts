/** Huge pages of the default size, 2 MiB on x86: a scenario takes some from the machine and gives them back. */
import { readFileSync, writeFileSync } from 'node:fs';

const reserved = '/proc/sys/vm/nr_hugepages';

/** Those that nobody uses; a page that was promised to somebody counts as used. */
export function freeHugePages(): number {
  const of = (key: string) =>
    Number(new RegExp(`^${key}: +(\\d+)`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
  return of('HugePages_Free') - of('HugePages_Rsvd');
}

/**
 * Does something while the machine has so many more of them; they are given back afterwards.
 *
 * @throws Error where the machine has not so much memory to spare
 */
export async function withHugePages<Result>(wanted: number, does: () => Promise<Result>): Promise<Result> {
  const before = readFileSync(reserved, 'utf8').trim();
  const had = freeHugePages();
  writeFileSync(reserved, String(Number(before) + wanted));
  try {
    if (freeHugePages() < had + wanted) throw new Error(`this machine has not ${wanted} huge pages to spare`);
    return await does();
  } finally {
    writeFileSync(reserved, before);
  }
}
