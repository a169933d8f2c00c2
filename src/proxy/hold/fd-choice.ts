/** Which descriptors go with a message, as people write it: `0,0,memfd:4K,eventfd,null`, or `none`. Pure. */
import type { FdIdentity } from '../../decode/frame.ts';
import { parseFd } from '../../decode/text/descriptors.ts';
import type { FdChoice } from './plan.ts';

/** Reads a list; throws for people. */
export function parseFdChoices(text: string): FdChoice[] {
  const words = text.trim() === 'none' || text.trim() === '' ? [] : text.split(/[\s,]+/).filter(word => word !== '');
  return words.map(parseFdChoice);
}

/** Reads one choice; throws for people. */
export function parseFdChoice(word: string): FdChoice {
  if (/^\d{1,3}$/.test(word)) return Number(word);
  if (word === 'eventfd' || word === 'null') return { fresh: word };
  const memory = word.startsWith('memfd') ? parseFd(word) : undefined;
  if (memory) return { fresh: 'memfd', size: memory.size ?? 0 };
  throw new Error(`expected the place of a descriptor (0, 1, …), memfd:SIZE, eventfd or null, not '${word}'`);
}

/**
 * The choices that descriptors in a transcript line stand for: in place of those that came as long as the kinds agree,
 * fresh ones elsewhere. Undefined where the line says nothing of descriptors.
 */
export function choicesOf(written: readonly FdIdentity[], came: readonly FdIdentity[]): FdChoice[] | undefined {
  if (written.length === 0) return undefined;
  return written.map((fd, i) => {
    if (came[i]?.kind === fd.kind) return i;
    if (fd.kind === 'memfd') return { fresh: 'memfd', size: fd.size ?? 0 };
    return { fresh: fd.kind === 'eventfd' ? 'eventfd' : 'null' };
  });
}

/** A choice as it is written. */
export function fdChoiceText(choice: FdChoice): string {
  if (typeof choice === 'number') return String(choice);
  return 'size' in choice ? `memfd:${choice.size}` : choice.fresh;
}
