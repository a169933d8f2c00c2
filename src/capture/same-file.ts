import { realpathSync } from 'node:fs';

/** Whether two paths lead to one file: what is read must not be written over. */
export function isSameFile(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false; // at least one of them is not there
  }
}
