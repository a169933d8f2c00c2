/** Where something that was explained occurs in a capture. */
import type { Finding } from '../decode/check/rule.ts';
import type { Verdict } from '../decode/diagnose/diagnosis.ts';
import type { Explanation } from '../decode/explain/explain.ts';
import { compileFilter, type Filter } from '../decode/filter/filter.ts';
import { LineWriter } from '../decode/text/line.ts';
import { Timing } from '../decode/timing.ts';
import { Examiner } from './examination.ts';
import { goThrough } from './passage.ts';

/** Occurrences of one explanation. */
export interface Occurrences {
  /** How often, all in all. */
  readonly count: number;
  /** The first few records, as `read` prints them. */
  readonly lines: readonly string[];
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
}

/** Lines that are kept of each. */
const mostLines = 5;

/** Looks for explanations in a capture, all in one go. Throws a CaptureError where it cannot be opened. */
export function occurrencesIn(path: string, explanations: readonly Explanation[]): Occurrences[] {
  const wanted = explanations.map(({ filter }) => (filter === undefined ? undefined : compileFilter(filter)));
  const found = wanted.map(() => ({ count: 0, lines: [] as string[] }));
  const writer = new LineWriter();
  const timing = new Timing();
  const examiner = new Examiner();
  goThrough(path, (frame, message) => {
    const facts = timing.next(frame);
    examiner.take(frame, message);
    for (const [i, filter] of wanted.entries()) {
      const place = found[i];
      if (!place || !(filter as Filter | undefined)?.matches(frame, facts, message)) continue;
      place.count += 1;
      if (place.lines.length >= mostLines) continue;
      writer.out.truncate(0);
      writer.write(frame, facts);
      place.lines.push(writer.out.textFrom(0));
    }
  });
  const { findings, verdicts } = examiner.result();
  return explanations.map(({ kind, rule, diagnosis }, i) => ({
    ...(found[i] as { count: number; lines: string[] }),
    findings: findings.filter(one => one.rule === rule),
    // A printed error is what somebody saw of it: whatever is diagnosed may lie behind it.
    verdicts: verdicts.filter(one => one.id === diagnosis || kind.startsWith('error of')),
  }));
}
