/** A replay in words, for people. Pure. */
import { plain } from '../decode/plain.ts';
import { otherSide, type Side } from '../decode/side.ts';
import { countsOf, deviationsOf, type End, type Outcome, type Performance } from './outcome.ts';
import type { Recording } from './recording.ts';

const signs: { readonly [result in Outcome['result']]: string } = {
  said: ' ',
  same: '=',
  different: '≠',
  late: '~',
  missing: '-',
  extra: '+',
  'left-out': 'x',
};

const words: { readonly [result in Outcome['result']]?: string } = {
  missing: 'did not come',
  extra: 'was not recorded',
  late: 'came late',
  'left-out': 'left out',
};

/**
 * The lines of one message: its number, who speaks, a sign (`=` as recorded, `≠` different, `-` missing, `+` not recorded,
 * `~` late, `x` left out) and what it says; below it what differs and what was adapted.
 */
export function outcomeLines(outcome: Outcome, ascii: boolean): string[] {
  const { result, n, text, dir, differences, notes } = outcome;
  const arrow = dir === 'front-to-back' ? (ascii ? 'F->B' : 'F→B') : ascii ? 'F<-B' : 'F←B';
  const sign = ascii && result === 'different' ? '!' : signs[result];
  const remark = words[result] ? `  # ${words[result]}${result === 'left-out' ? `: ${notes.join('; ')}` : ''}` : '';
  const head = `${String(n ?? '').padStart(6)}  ${arrow} ${sign} ${text}${remark}`;
  const below = [
    ...(result === 'left-out' ? [] : notes.map(note => `adapted: ${note}`)),
    ...differences.map(({ path, recorded, came, because }) => {
      const why = because === undefined ? '' : ` (${because})`;
      return `${path.replace(/^payload\./, '')} was ${recorded}, came ${came}${why}`;
    }),
  ];
  return [head, ...below.map(line => `${' '.repeat(16)}${line}`)].map(plain);
}

function endSentence({ how, after, asRecorded, why }: End, side: Side): string {
  const other = `the ${otherSide(side)}`;
  const where = after === '' ? 'before anything was said' : `after ${after}`;
  if (how === 'failed') return `the replay failed ${where}: ${why}`;
  if (how === 'stopped') return `stopped ${where}`;
  if (how === 'closed')
    return `${other} closed the connection ${where}, ${asRecorded ? 'as' : 'not as'} in the recording`;
  return asRecorded
    ? 'all of it was played'
    : `all of it was played, but ${other} did not close the connection as in the recording`;
}

/**
 * What it amounts to, as lines.
 *
 * @param accepted keys of deviations that a baseline accepts
 */
export function verdictLines(performance: Performance, accepted: ReadonlySet<string>): string[] {
  const { side, end, unreached, outcomes, remarks } = performance;
  const counts = countsOf(performance);
  const deviations = deviationsOf(performance);
  const open = deviations.filter(({ key }) => !accepted.has(key));
  const explained = outcomes.filter(
    ({ differences }) => differences.length > 0 && differences.every(one => one.because !== undefined),
  ).length;
  const adapted = outcomes.filter(({ result, notes }) => result === 'said' && notes.length > 0).length;
  const count = (number: number, what: string) => (number === 0 ? [] : [`${number} ${what}`]);
  const summary = [
    ...count(counts.said, 'said'),
    ...count(adapted, 'of them adapted'),
    ...count(counts['left-out'], 'left out'),
    ...count(counts.same, 'came as recorded'),
    ...count(explained, 'differ as they must'),
    ...count(counts.different - explained, 'differ'),
    ...count(counts.late, 'late'),
    ...count(counts.missing, 'missing'),
    ...count(counts.extra, 'not recorded'),
    ...count(unreached, 'not reached'),
  ].join(', ');
  const other = otherSide(side);
  const known = deviations.length - open.length;
  const verdict =
    open.length === 0
      ? `the ${other} behaves as in the recording${known > 0 ? `, but for ${known} accepted ${known === 1 ? 'deviation' : 'deviations'}` : ''}`
      : `the ${other} deviates from the recording in ${open.length} ${open.length === 1 ? 'point' : 'points'}:`;
  return [summary, ...remarks, endSentence(end, side), verdict, ...open.map(({ text }) => `  ${text}`)].map(plain);
}

/** What is played, as JSON. */
export function recordingJson({ side, pair, session, epoch, steps, connections, omitted }: Recording): object {
  return { type: 'recording', side, pair, session, epoch, messages: steps.length, connections, omitted };
}

/** The verdict as JSON. */
export function verdictJson(performance: Performance, accepted: ReadonlySet<string>): object {
  const { side, end, unreached, remarks } = performance;
  const deviations = deviationsOf(performance).map(one => ({ ...one, accepted: accepted.has(one.key) }));
  return {
    type: 'verdict',
    side,
    same: deviations.every(one => one.accepted),
    end,
    unreached,
    remarks,
    counts: countsOf(performance),
    deviations,
    said: verdictLines(performance, accepted),
  };
}
