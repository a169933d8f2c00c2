/** A text of sections that must not be longer than so many lines: the longest lists give way first. */

/** A heading with lines. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
  /** Lines that are kept whatever happens; default 1. */
  readonly least?: number;
}

/** The lines of a section of which only `kept` fit. */
function shortened({ lines }: Section, kept: number): readonly string[] {
  if (kept >= lines.length) return lines;
  const hidden = lines.length - kept + 1;
  return [...lines.slice(0, Math.max(0, kept - 1)), `… ${hidden} more ${hidden === 1 ? 'line' : 'lines'}`];
}

/**
 * Lays sections out below each other within `most` lines, titles included. Sections without lines are left out.
 * Where it does not fit, the longest section loses a line, again and again.
 */
export function fitted(sections: readonly Section[], most: number): string[] {
  const shown = sections.filter(({ lines }) => lines.length > 0);
  const kept = shown.map(({ lines }) => lines.length);
  const total = (): number => kept.reduce((sum, count) => sum + count + 1, 0);
  while (total() > most) {
    const spare = kept.map((count, i) => count - Math.max(1, shown[i]?.least ?? 1));
    const most = Math.max(...spare);
    if (most <= 0) break;
    // Of equally long ones the last gives way: what stands first matters most.
    const longest = kept.reduce(
      (best, count, i) => ((spare[i] as number) > 0 && count >= (kept[best] ?? 0) ? i : best),
      spare.indexOf(most),
    );
    kept[longest] = (kept[longest] as number) - 1;
  }
  return shown.flatMap((section, i) => [
    section.title,
    ...shortened(section, kept[i] as number).map(line => `  ${line}`),
  ]);
}
