/** Exports rows of a selection, a slice at a time. */
import { Labels } from '../../decode/labels.ts';
import { Row } from '../row.ts';
import { searchStride } from '../search.ts';
import type { Selection } from '../selection.ts';
import type { Survey } from '../survey.ts';
import type { Trace } from '../trace.ts';
import { Comments } from './comments.ts';
import { savingFormatOf } from './index.ts';
import type { Saver, SavingFormat } from './saver.ts';

/** What is exported. */
export interface ExportOrder {
  /** The end of its name says the format. */
  readonly path: string;
  /** Only these positions of the selection; all of it where absent. */
  readonly part?: { readonly from: number; readonly count: number };
  /** Rows that were marked, by the letter. */
  readonly marks?: readonly (readonly [letter: string, row: number])[];
}

/** An export at work. */
export class Export {
  readonly #trace: Trace;
  readonly #survey: Survey;
  readonly #selection: Selection;
  readonly #order: ExportOrder;
  readonly #format: SavingFormat;
  readonly #saver: Saver;
  /** Labels follow from all records before: those are gone through as well. */
  readonly #labels: Labels | undefined;
  /** The row that is labelled next. */
  #row = 0;
  /** Positions that are exported from now on, and what stands with them; known once the survey has come to the end. */
  #left: { at: number; readonly end: number; readonly comments: Comments } | undefined;

  /** Makes the file; throws where it cannot be made or its name does not say what it shall be. */
  constructor(trace: Trace, survey: Survey, selection: Selection, order: ExportOrder) {
    this.#trace = trace;
    this.#survey = survey;
    this.#selection = selection;
    this.#order = order;
    this.#format = savingFormatOf(order.path);
    this.#labels = this.#format.labelled ? new Labels() : undefined;
    this.#saver = this.#format.open(order.path);
  }

  /** Works until a time of `performance.now()`; tells how far it is, or at the end how many records were exported. */
  step(until: number): { readonly done: number; readonly of: number } | { readonly answer: number } {
    // A note may stand far behind what it is about.
    if (this.#format.commented && this.#survey.advance(until))
      return { done: this.#survey.length, of: this.#trace.length };
    const { part } = this.#order;
    const from = part?.from ?? 0;
    this.#left ??= {
      at: from,
      end: Math.min(this.#selection.length, from + (part?.count ?? this.#selection.length)),
      comments: this.#allComments(),
    };
    const left = this.#left;
    const of = Math.max(0, left.end - from);
    for (let looked = 1; left.at < left.end; looked++) {
      if (this.#next(this.#selection.at(left.at), left.comments)) left.at++;
      if (looked % searchStride === 0 && performance.now() >= until) return { done: left.at - from, of };
    }
    if (this.#format.commented) this.#addNotes(from, left.end, left.comments);
    this.#saver.end();
    return { answer: of };
  }

  /** Takes the file away again. */
  abandon(): void {
    this.#saver.abandon();
  }

  /** Exports a row, or goes through one before it that its label depends on; false where it did that. */
  #next(wanted: number, comments: Comments): boolean {
    const at = this.#labels ? this.#row++ : wanted;
    const row = this.#trace.row(at);
    const label = this.#labels?.next(row.frame, row.message);
    if (at < wanted) return false;
    this.#saver.add(label ? labelled(row, label) : row, comments.on(row.frame));
    return true;
  }

  #allComments(): Comments {
    const comments = new Comments(this.#survey.notes.all);
    for (const [letter, row] of this.#order.marks ?? []) comments.add(this.#trace.frame(row), `marked ${letter}`);
    return comments;
  }

  /** Notes about what was exported come along, where they are not among it. */
  #addNotes(from: number, end: number, { told }: Comments): void {
    for (const row of told) {
      const { position, shown } = this.#selection.positionOf(row);
      if (!shown || position < from || position >= end) this.#saver.add(this.#trace.row(row), []);
    }
  }
}

function labelled({ frame, message, sinceFirstNs, latencyNs }: Row, label: ReturnType<Labels['next']>): Row {
  return new Row(frame, { sinceFirstNs, latencyNs, ...label }, message);
}
