/** What is wrong with a text a person wrote, and where. */
export class SyntaxProblem extends Error {
  /** Place in the text, from 0. */
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.name = 'SyntaxProblem';
    this.column = column;
  }
}

/** The message, and below it the text with a caret under the place. */
export function pointAt(text: string, { message, column }: SyntaxProblem): string {
  return `${message}\n  ${text}\n  ${' '.repeat(column)}^`;
}

/** ` (did you mean …?)` where a name is near one of those known, else nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === undefined ? '' : ` (did you mean ${best}?)`;
}

/** Insertions, deletions and substitutions between two words, as far as they are fewer than `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
