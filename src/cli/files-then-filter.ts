/** Arguments that are files as long as they look like one, and a filter from there on. */
import { existsSync } from 'node:fs';

/** The files, and the words behind them as the text of a filter. The first word is always a file. */
export function filesThenFilter(words: readonly string[]): { files: string[]; filter: string } {
  const isFile = (word: string, i: number): boolean => i === 0 || /\.pcap(ng)?$/.test(word) || existsSync(word);
  const end = words.findIndex((word, i) => !isFile(word, i));
  if (end < 0) return { files: [...words], filter: '' };
  return { files: words.slice(0, end), filter: words.slice(end).join(' ') };
}
