/** Counts in words. */
import type { U64 } from './schema.ts';

/** `1 message`, `2 messages`; `plural` where that is not the word with an s. */
export function counted(count: U64, word: string, plural = `${word}s`): string {
  return `${count} ${Number(count) === 1 ? word : plural}`;
}
