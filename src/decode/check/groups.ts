/** Findings put together that say the same. */
import type { Finding, Severity } from './rule.ts';

/** Severities, worst first. */
export const severities: readonly Severity[] = ['error', 'warning', 'note'];

/** Findings that say the same, together: rule, author and words; with all records that show it. */
export interface FindingGroup {
  readonly finding: Finding;
  /** The record each of them is about, in order. */
  readonly records: readonly number[];
}

/** Groups findings, worst first, then in the order of their first record. */
export function grouped(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, { finding: Finding; records: number[] }>();
  for (const finding of findings) {
    const key = `${finding.rule}\0${finding.side}\0${finding.message}`;
    const group = groups.get(key);
    const record = finding.records[0] ?? 0;
    if (group) group.records.push(record);
    else groups.set(key, { finding, records: [record] });
  }
  return [...groups.values()].sort(
    (a, b) => severities.indexOf(a.finding.severity) - severities.indexOf(b.finding.severity),
  );
}
