/** What a replay amounts to, and how that is told. */
import { describe, expect, it } from 'vitest';
import { formatBaseline, parseBaseline } from '../../src/replay/baseline.ts';
import { deviationsOf, type Outcome, type Performance } from '../../src/replay/outcome.ts';
import { outcomeLines, verdictLines } from '../../src/replay/tell.ts';

describe('a verdict', () => {
  const outcome = (more: Partial<Outcome>): Outcome => ({
    ...{
      result: 'same',
      channel: 'main',
      dir: 'back-to-front',
      name: 'GET_QUEUE_NUM =',
      text: 'GET_QUEUE_NUM = 1',
      n: 5,
      differences: [],
      notes: [],
    },
    ...more,
  });
  const differs = outcome({
    result: 'different',
    differences: [{ path: 'payload.queue_num', recorded: '2', came: '1' }],
  });
  const mustDiffer = outcome({
    result: 'different',
    differences: [{ path: 'payload.num', recorded: '2', came: '1', because: 'it must' }],
  });
  const performance = (
    outcomes: Outcome[],
    end: Performance['end'] = { how: 'played', after: '9 X', asRecorded: true },
  ): Performance => ({
    ...{ side: 'front-end', outcomes, end, unreached: 0, remarks: [] },
  });

  it('counts what nothing explains, and each deviation once', () => {
    const outcomes = [
      outcome({}),
      differs,
      differs,
      mustDiffer,
      outcome({ result: 'missing', name: 'X' }),
      outcome({ result: 'said' }),
    ];
    expect(deviationsOf(performance(outcomes)).map(({ key }) => key)).toEqual([
      'GET_QUEUE_NUM =: payload.queue_num 2 -> 1',
      'X: missing',
    ]);
  });

  it('tells a connection that was closed elsewhere than in the recording', () => {
    const closed = performance([], { how: 'closed', after: '12 SET_FEATURES', asRecorded: false });
    expect(deviationsOf(closed).map(({ key }) => key)).toEqual(['closed after SET_FEATURES']);
  });

  it('accepts what a baseline accepts, and a baseline reads back what was written', () => {
    const one = performance([differs]);
    const accepted = parseBaseline(`${formatBaseline(deviationsOf(one), 'title')}\nother: key  # why\n`);
    expect([...accepted]).toEqual(['GET_QUEUE_NUM =: payload.queue_num 2 -> 1', 'other: key']);
    expect(verdictLines(one, accepted).at(-1)).toBe(
      'the back-end behaves as in the recording, but for 1 accepted deviation',
    );
    expect(verdictLines(one, new Set()).at(-1)).toBe('  GET_QUEUE_NUM =: payload.queue_num was 2, came 1');
  });

  it('is printed below what it is about, safely', () => {
    const odd = outcome({
      ...differs,
      differences: [{ path: 'payload.text', recorded: 'a', came: '\x1b[2J', because: 'x' }],
    });
    expect(outcomeLines(odd, true)).toEqual([
      '     5  F<-B ! GET_QUEUE_NUM = 1',
      '                text was a, came \\x1b[2J (x)',
    ]);
    expect(outcomeLines(outcome({ result: 'left-out', notes: ['why'] }), false)).toEqual([
      '     5  F←B x GET_QUEUE_NUM = 1  # left out: why',
    ]);
  });
});
