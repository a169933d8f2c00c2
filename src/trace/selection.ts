/** Which rows of a trace are shown: those that a filter lets through, replies folded into their requests or not. */
import type { Filter } from '../decode/filter/filter.ts';
import { compileFilter, Subject } from '../decode/filter/filter.ts';
import { RowSet } from './row-set.ts';
import type { Trace } from './trace.ts';

/** What is to be shown. */
export interface Choice {
  /** In the language of `docs/filters.md`; empty lets everything through. */
  readonly filter: string;
  /** Leave out a reply whose request is shown. */
  readonly fold: boolean;
}

/** Rows examined between two looks at the clock. */
const stride = 64;

/** The rows of a choice, found a slice at a time; rows that were found keep their position. */
export class Selection {
  readonly choice: Choice;
  readonly #trace: Trace;
  readonly #filter: Filter;
  /** Absent where everything is shown. */
  readonly #set: RowSet | undefined;
  #examined = 0;

  /** @throws SyntaxProblem where the filter is none */
  constructor(trace: Trace, choice: Choice) {
    this.choice = choice;
    this.#trace = trace;
    this.#filter = compileFilter(choice.filter);
    if (choice.fold || choice.filter.trim() !== '') this.#set = new RowSet();
  }

  /** Rows found so far. */
  get length(): number {
    return this.#set?.length ?? this.#trace.length;
  }

  /** Rows of the trace that were looked at. */
  get examined(): number {
    return this.#set ? this.#examined : this.#trace.length;
  }

  /** Looks at further rows until a time (of `performance.now()`); false once all there are were looked at. */
  advance(until: number): boolean {
    const set = this.#set;
    if (!set) return false;
    while (this.#examined < this.#trace.length) {
      const end = Math.min(this.#examined + stride, this.#trace.length);
      for (; this.#examined < end; this.#examined++) if (this.#isShown(this.#examined, set)) set.add(this.#examined);
      if (performance.now() >= until) break;
    }
    return this.#examined < this.#trace.length;
  }

  /** The row at a position. */
  at(position: number): number {
    return this.#set ? this.#set.at(position) : position;
  }

  /** Where a row stands, or where the next one stands that is shown. */
  positionOf(row: number): { position: number; shown: boolean } {
    if (!this.#set) return { position: row, shown: true };
    return { position: this.#set.rank(row), shown: this.#set.has(row) };
  }

  #isShown(row: number, set: RowSet): boolean {
    const frame = this.#trace.frame(row);
    if (this.choice.fold && frame.answers !== undefined) {
      const request = this.#trace.requestOf(row);
      if (request >= 0 && set.has(request)) return false;
    }
    if (this.choice.filter === '') return true;
    // Most filters are decided by the head; only the others need to know what request a reply answers.
    const verdict = this.#filter.head(new Subject(frame));
    return verdict === 'maybe' ? this.#filter.matches(frame, this.#trace.row(row)) : verdict === 'yes';
  }
}
