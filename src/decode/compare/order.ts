/** Two sequences of requests, aligned: what both sent, what only one did, what came at another place. */
import type { OutsetStep } from '../account/outset.ts';

/** A step of one connection or of both. */
export interface Aligned {
  readonly change: 'same' | 'only-a' | 'only-b' | 'moved';
  /** The request in words: `SET_VRING_NUM 0`. */
  readonly what: string;
  /** Records of either side. */
  readonly a?: number;
  readonly b?: number;
}

/** Steps that are aligned; beyond them only a machine would look. Time and memory grow with their square. */
const mostAligned = 768;

/**
 * Aligns requests by message and ring. While rings run, requests come when the guest pleases (interrupts masked and
 * unmasked), so that phase is left out; repetitions count once.
 */
export function align(a: readonly OutsetStep[], b: readonly OutsetStep[]): Aligned[] {
  const left = telling(a);
  const right = telling(b);
  const common = longestCommon(left.map(wordsOf), right.map(wordsOf));
  const rows: Aligned[] = [];
  let [i, j] = [0, 0];
  for (const [toA, toB] of [...common, [left.length, right.length] as const]) {
    for (; i < toA; i++)
      rows.push({ change: 'only-a', what: wordsOf(left[i] as OutsetStep), a: (left[i] as OutsetStep).n });
    for (; j < toB; j++)
      rows.push({ change: 'only-b', what: wordsOf(right[j] as OutsetStep), b: (right[j] as OutsetStep).n });
    const [one, other] = [left[i++], right[j++]];
    if (one && other) rows.push({ change: 'same', what: wordsOf(one), a: one.n, b: other.n });
  }
  return withMoves(rows);
}

function telling(steps: readonly OutsetStep[]): OutsetStep[] {
  return steps.filter(({ phase, channel }) => phase !== 'running' && channel === 'main').slice(0, mostAligned);
}

function wordsOf({ name, ring, needReply }: OutsetStep): string {
  return `${name}${ring === undefined ? '' : ` ${ring}`}${needReply ? ' need_reply' : ''}`;
}

/** The places of the longest common subsequence. */
function longestCommon(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const common: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) common.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return common;
}

/** What only one side has here and only the other has there was moved. */
function withMoves(rows: readonly Aligned[]): Aligned[] {
  const places = (change: Aligned['change']): Map<string, number[]> => {
    const found = new Map<string, number[]>();
    for (const row of rows)
      if (row.change === change) found.set(row.what, [...(found.get(row.what) ?? []), (row.a ?? row.b) as number]);
    return found;
  };
  const [onlyA, onlyB] = [places('only-a'), places('only-b')];
  const taken = new Map<string, number>();
  return rows.map(row => {
    if (row.change === 'same') return row;
    const count = Math.min(onlyA.get(row.what)?.length ?? 0, onlyB.get(row.what)?.length ?? 0);
    const key = `${row.change}${row.what}`;
    const nth = taken.get(key) ?? 0;
    taken.set(key, nth + 1);
    return nth < count ? { ...row, change: 'moved' } : row;
  });
}
