/** Deviations that were looked at and accepted, as a text file: one a line, `#` begins a remark. Pure. */
import type { Deviation } from './outcome.ts';

/** The keys in a baseline. */
export function parseBaseline(text: string): Set<string> {
  const lines = text.split('\n').map(line => line.replace(/\s+#\s.*$/, '').trim());
  return new Set(lines.filter(line => line !== '' && !line.startsWith('#')));
}

/** A baseline that accepts these deviations. */
export function formatBaseline(deviations: readonly Deviation[], title: string): string {
  return [`# ${title}`, ...deviations.map(({ key }) => key), ''].join('\n');
}
