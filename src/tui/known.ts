/**
 * What the trace has answered. A view says what it wants to know at this moment; what is not known is asked, what
 * nobody wants any more is cancelled or forgotten. Until an answer is there, the last one of its kind is shown.
 */
import type { Answer, ListedRow, Question, QuestionKind } from '../trace/questions.ts';

/** Rows asked at a time: a page begins at a multiple of it. */
export const pageRows = 128;
/** Pages that are kept: what is near the cursor, and where it was a moment ago. */
const mostPages = 24;

/** How a question stands. */
export type Entry =
  | { readonly state: 'asked'; readonly question: Question; readonly done: number; readonly of: number }
  | { readonly state: 'answered'; readonly question: Question; readonly answer: Answer }
  | { readonly state: 'failed'; readonly question: Question; readonly message: string };

/** Answers by the key of their question, and the rows of the current choice by page. */
export interface Known {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly pages: ReadonlyMap<number, Page>;
}

/** Rows that follow each other, asked at once. */
export interface Page {
  readonly rows: readonly ListedRow[];
  /** The survey had come so far: phases and findings are among what is known. */
  readonly surveyed: boolean;
}

/** Nothing. */
export const nothingKnown: Known = { entries: new Map(), pages: new Map() };

/** The key of a question: two with the same key have the same answer. */
export function keyOf(question: Question): string {
  return JSON.stringify(question);
}

/** How the question stands; undefined where it was not asked. */
export function entryOf(known: Known, question: Question): Entry | undefined {
  return known.entries.get(keyOf(question));
}

/** The answer to a question, and to no other. */
export function exactly<K extends QuestionKind>(known: Known, question: Question<K>): Answer<K> | undefined {
  const entry = known.entries.get(keyOf(question as Question));
  return entry?.state === 'answered' ? (entry.answer as Answer<K>) : undefined;
}

/** The answer to a question; else the last answer to another question of its kind. */
export function recall<K extends QuestionKind>(known: Known, question: Question<K>): Answer<K> | undefined {
  const exact = exactly(known, question);
  if (exact !== undefined) return exact;
  let last: Answer<K> | undefined;
  for (const entry of known.entries.values()) {
    if (entry.state === 'answered' && entry.question.kind === question.kind) last = entry.answer as Answer<K>;
  }
  return last;
}

/** Notes how a question stands now. */
export function noted(known: Known, key: string, entry: Entry): Known {
  return { ...known, entries: new Map(known.entries).set(key, entry) };
}

/** Keeps a page of rows; those that were kept longest without being taken anew are dropped. */
export function pageKept(known: Known, number: number, page: Page): Known {
  const pages = new Map(known.pages);
  pages.delete(number);
  pages.set(number, page);
  for (const oldest of pages.keys()) {
    if (pages.size <= mostPages) break;
    pages.delete(oldest);
  }
  return { ...known, pages };
}

/** What is left when only some questions are wanted; the last answer of each kind stays. */
export function forgotten(known: Known, wanted: ReadonlySet<string>): { known: Known; cancelled: string[] } {
  const lastOfKind = new Map<QuestionKind, string>();
  for (const [key, { state, question }] of known.entries) if (state === 'answered') lastOfKind.set(question.kind, key);
  const entries = new Map<string, Entry>();
  const cancelled: string[] = [];
  for (const [key, entry] of known.entries) {
    if (wanted.has(key) || lastOfKind.get(entry.question.kind) === key) entries.set(key, entry);
    else if (entry.state === 'asked') cancelled.push(key);
  }
  return { known: entries.size === known.entries.size ? known : { ...known, entries }, cancelled };
}

/** The row at a position of the current choice, where its page is known. */
export function rowAt({ pages }: Known, position: number): ListedRow | undefined {
  return pages.get(Math.floor(position / pageRows))?.rows[position % pageRows];
}
