/**
 * Answers what a viewer asks of a trace. Long work is done in slices, so that whoever owns the desk can take further
 * questions in between; a question may be cancelled, and what is chosen anew replaces what was chosen before.
 */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { detailOf } from './detail.ts';
import { Listing } from './listing.ts';
import type { Answer, Question, SearchOrder, Standing } from './questions.ts';
import { Export } from './saving/export.ts';
import { searchStride, type Wanted, wantedBy } from './search.ts';
import { type Choice, Selection } from './selection.ts';
import { Survey } from './survey.ts';
import { comparedAt, foundBy, listedConnections, listedNotes, nearestTo, stateAt } from './surveyed.ts';
import type { Trace } from './trace.ts';

/** Told of a question: an answer ends it, progress does not. */
export type Report =
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'progress'; readonly id: number; readonly done: number; readonly of: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** Work that takes more than a moment: each step works until a time and tells how far it is. */
interface Task {
  readonly id: number;
  /** Undoes what was done so far, where nobody wants it any more. */
  abandon?(): void;
  /** Works on; the answer once there is one. */
  step(until: number): { readonly done: number; readonly of: number } | { readonly answer: Answer };
}

/** Selections kept besides the current one: somebody who removes a filter may set it again. */
const mostSelections = 4;

/** Blocks that are counted between two looks at the clock. */
const blocksAtATime = 4096;

/** Bytes that may be missing from the index while the survey goes on already: a growing capture never has all. */
const nearlyAll = 4 * 1024 * 1024;

/** A trace and what is asked of it. */
export class Desk {
  readonly #trace: Trace;
  readonly #survey: Survey;
  readonly #listing: Listing;
  readonly #report: (report: Report) => void;
  #selections: Selection[];
  #tasks: Task[] = [];

  /** @param ascii write arrows with ASCII characters only */
  constructor(trace: Trace, ascii: boolean, report: (report: Report) => void) {
    this.#trace = trace;
    this.#survey = new Survey(trace);
    this.#listing = new Listing(trace, this.#survey, ascii);
    this.#report = report;
    this.#selections = [new Selection(trace, { filter: '', fold: false })];
  }

  /** How far everything is. */
  standing(indexing: boolean): Standing {
    const chosen = this.#selections[0] as Selection;
    const { done, size } = this.#trace.progress();
    const settled = !indexing && !this.isBusy;
    return {
      rows: this.#trace.length,
      chosen: chosen.length,
      examined: chosen.examined,
      surveyed: this.#survey.length,
      findings: this.#survey.counts,
      choice: chosen.choice,
      indexed: done,
      size,
      settled,
      problems: settled ? this.#trace.problems.map(({ message }) => message) : [],
    };
  }

  /** Whether `work` has something to do. */
  get isBusy(): boolean {
    const { length } = this.#trace;
    const [selection] = this.#selections;
    return this.#tasks.length > 0 || (selection?.examined ?? length) < length || this.#survey.length < length;
  }

  /** Makes a choice the current one: its rows are looked for. */
  choose(choice: Choice): void {
    this.#selectionOf(choice);
  }

  /** Takes a question. It is answered at once, or later while `work` is called. */
  ask(id: number, question: Question): void {
    try {
      const task = this.#take(id, question);
      if ('step' in task) this.#tasks.push(task);
      else this.#report({ type: 'answer', id, answer: task.answer });
    } catch (error) {
      this.#report({ type: 'failed', id, message: (error as Error).message });
    }
  }

  /** Forgets a question. */
  cancel(id: number): void {
    this.#tasks.find(task => task.id === id)?.abandon?.();
    this.#forget(id);
  }

  #forget(id: number): void {
    this.#tasks = this.#tasks.filter(task => task.id !== id);
  }

  /** Works until a time of `performance.now()`: first at what is chosen, then at questions, then at the survey. */
  work(until: number): void {
    if (this.#selections[0]?.advance(until)) return;
    const [task] = this.#tasks;
    if (!task) {
      const { done, size } = this.#trace.progress();
      // A large file is indexed first, so that all of it can be gone to soon.
      if (size - done <= nearlyAll) this.#survey.advance(until);
      return;
    }
    const { id } = task;
    try {
      const step = task.step(until);
      if ('answer' in step) this.#forget(id);
      this.#report('answer' in step ? { type: 'answer', id, ...step } : { type: 'progress', id, ...step });
    } catch (error) {
      this.cancel(id);
      this.#report({ type: 'failed', id, message: (error as Error).message });
    }
  }

  #take(id: number, question: Question): Task | { answer: Answer } {
    switch (question.kind) {
      case 'rows':
        return { answer: this.#rows(question.choice, question.from, question.count) };
      case 'place':
        return this.#placing(id, question.choice, question.row);
      case 'detail':
        return { answer: detailOf(this.#trace, this.#survey, this.#listing, question.row) };
      case 'state':
        return this.#stating(id, question.row);
      case 'found':
        return { answer: foundBy(this.#survey) };
      case 'connections':
        return { answer: listedConnections(this.#survey) };
      case 'stretches':
        return { answer: this.#survey.stretches };
      case 'statistics':
        return { answer: this.#survey.statistics() };
      case 'comparison':
        return { answer: comparedAt(this.#trace, this.#survey, question.a, question.b) };
      case 'nearest':
        return { answer: nearestTo(this.#survey, question) };
      case 'notes':
        return { answer: listedNotes(this.#trace, this.#survey) };
      case 'note':
        return { answer: this.#trace.note(question.row, question.text, author()) };
      case 'search':
        return this.#searching(id, question);
      case 'save':
        return this.#saving(id, question);
      case 'packet':
        return this.#counting(id, question.row);
      case 'number':
        return { answer: found(this.#trace.rowOf(question.n)) };
    }
  }

  #rows(choice: Choice, from: number, count: number): Answer<'rows'> {
    const selection = this.#selectionOf(choice);
    const end = Math.min(from + count, selection.length);
    return Array.from({ length: Math.max(0, end - from) }, (_, i) => this.#listing.row(selection.at(from + i)));
  }

  /** The position is known once the selection has come as far as the row. */
  #placing(id: number, choice: Choice, row: number): Task {
    const selection = this.#selectionOf(choice);
    const { length } = this.#trace;
    return {
      id,
      step: until => {
        selection.advance(until);
        if (selection.examined <= Math.min(row, length - 1)) return { done: selection.examined, of: row };
        return { answer: selection.positionOf(row) };
      },
    };
  }

  /** The state is known once the survey has come as far as the row. */
  #stating(id: number, row: number): Task {
    return {
      id,
      step: until => {
        if (row >= this.#survey.length) this.#survey.advance(until);
        if (row >= this.#survey.length) return { done: this.#survey.length, of: row };
        return { answer: stateAt(this.#trace, this.#survey.states, row) };
      },
    };
  }

  #searching(id: number, { choice, text, from, direction }: SearchOrder): Task {
    const selection = this.#selectionOf(choice);
    const wanted: Wanted = wantedBy(text, frame => this.#listing.plainly(frame));
    const { position, shown } = selection.positionOf(from);
    let at = direction === 1 ? position + (shown ? 1 : 0) : position - 1;
    const whole = direction === 1 ? selection.length - at : at + 1;
    let looked = 0;
    return {
      id,
      step: until => {
        while (at >= 0 && at < selection.length) {
          const row = selection.at(at);
          if (wanted(this.#trace.frame(row), () => this.#trace.row(row))) return { answer: row };
          at += direction;
          if (++looked % searchStride === 0 && performance.now() >= until) return { done: looked, of: whole };
        }
        return { answer: undefined };
      },
    };
  }

  #counting(id: number, row: number): Task {
    const { path, number } = this.#trace.packetOf(row);
    const { size } = this.#trace.progress();
    return {
      id,
      step: until => {
        while (performance.now() < until) {
          const found = number.advance(blocksAtATime);
          if (found !== undefined) return { answer: { path: resolve(path), number: found } };
        }
        return { done: number.done, of: size };
      },
    };
  }

  #saving(id: number, { choice, ...order }: Question<'save'>): Task {
    const saving = new Export(this.#trace, this.#survey, this.#selectionOf(choice), order);
    return { id, step: until => saving.step(until), abandon: () => saving.abandon() };
  }

  /** The selection of a choice, which becomes the current one. */
  #selectionOf(choice: Choice): Selection {
    const isIt = (one: Selection) => one.choice.filter === choice.filter && one.choice.fold === choice.fold;
    const selection = this.#selections.find(isIt) ?? new Selection(this.#trace, choice);
    this.#selections = [selection, ...this.#selections.filter(one => one !== selection)].slice(0, mostSelections);
    return selection;
  }
}

function found(row: number): number | undefined {
  return row < 0 ? undefined : row;
}

/** Who writes a note. */
function author(): string {
  try {
    return userInfo().username;
  } catch {
    // Not every user has a name.
    return `uid ${process.getuid?.()}`;
  }
}
