import { beforeEach, describe, expect, it } from 'vitest';
import type { ListedRow, Question } from '../../src/trace/questions.ts';
import { rowAt } from '../../src/tui/known.ts';
import { type Model, newModel } from '../../src/tui/model.ts';
import type { Action, Effect } from '../../src/tui/step.ts';
import { update } from '../../src/tui/update.ts';
import { able } from './stage.ts';

const listed = (row: number): ListedRow => ({
  ...{ row, n: row + 1, kind: 'message', channel: 'main', dir: 'front-to-back', pair: 'vm', session: 1, epoch: 1 },
  ...{ wallNs: 0n, sinceFirstNs: 0, sincePreviousNs: 0, name: 'VRING_KICK', said: 'VRING_KICK', reply: false },
  ...{ fds: 0, problems: 0, touched: false },
});

describe('a tail that grows faster than its rows are known', () => {
  let model: Model;
  /** Questions about rows that are not answered, by key. */
  let open: Map<string, Question<'rows'>>;

  const act = (action: Action): void => {
    const [next, effects] = update(model, action);
    model = next;
    for (const effect of effects as Effect[]) {
      if (effect.type === 'ask' && effect.question.kind === 'rows') open.set(effect.key, effect.question);
      if (effect.type === 'cancel') open.delete(effect.key);
    }
  };
  const grow = (rows: number): void =>
    act({ type: 'standing', standing: { ...model.standing, rows, chosen: rows, choice: model.choice } });
  const answer = (): void => {
    for (const [key, { from, count }] of [...open]) {
      open.delete(key);
      act({ type: 'answer', key, answer: Array.from({ length: count }, (_, i) => listed(from + i)) });
    }
  };
  const isWhole = (): boolean => {
    const { top, cursor } = model.list;
    return Array.from({ length: cursor - top + 1 }, (_, i) => rowAt(model.known, top + i)).every(row => row);
  };

  beforeEach(() => {
    model = newModel('tail', { width: 120, height: 40 }, able, true);
    open = new Map();
    grow(10_000);
  });

  it('is seen whenever an answer comes, whatever has come meanwhile', () => {
    const asked = [...open.keys()];
    expect(asked.length).toBeGreaterThan(0);
    for (const rows of [11_000, 12_000, 13_000]) grow(rows);
    expect([...open.keys()]).toEqual(asked);
    answer();
    expect(model.list).toMatchObject({ cursor: 9_999, following: true });
    expect(isWhole()).toBe(true);
    answer();
    expect(model.list).toMatchObject({ cursor: 12_999, following: true });
    expect(isWhole()).toBe(true);
    expect(model.ahead).toBeUndefined();
  });

  it('is never shown without its rows', () => {
    for (let rows = 10_100; rows < 12_000; rows += 100) {
      grow(rows);
      if (rows % 300 === 0) answer();
      expect(model.standing.rows === 0 || isWhole()).toBe(true);
    }
    expect(model.list.cursor).toBeGreaterThan(11_000);
  });

  it('waits for nobody who does not follow it', () => {
    answer();
    grow(20_000);
    expect(model.list.cursor).toBe(9_999);
    act({ type: 'key', key: 'k' });
    expect(model.list).toMatchObject({ cursor: 9_998, following: false });
    expect(model.standing.rows).toBe(20_000);
    grow(30_000);
    expect(model.standing.rows).toBe(30_000);
  });

  it('is shown all the same where its rows cannot be read', () => {
    for (const key of open.keys()) act({ type: 'failed', key, message: 'gone' });
    expect(model.list.cursor).toBe(9_999);
  });
});
