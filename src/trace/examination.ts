/** Goes through a capture with the rules and the diagnoses. */
import type { Finding } from '../decode/check/rule.ts';
import { Physician, type Speakers } from '../decode/diagnose/diagnose.ts';
import type { Verdict } from '../decode/diagnose/diagnosis.ts';
import type { Frame } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import { jsonBody } from '../decode/text/event.ts';
import { goThrough } from './passage.ts';

/** What was found. */
export interface Examination {
  readonly findings: readonly Finding[];
  readonly verdicts: readonly Verdict[];
  /** Who speaks on each connection, and how that is known. */
  readonly speakers: readonly Speakers[];
  readonly messages: number;
  readonly connections: number;
  /** What could not be read, in words. */
  readonly unread: readonly string[];
}

/** Findings that are kept; a capture in which every message breaks a rule must not fill the memory. */
const mostFindings = 100_000;

/** Examines records as they come; the result can be asked for at any time. */
export class Examiner {
  readonly #physician = new Physician();
  readonly #findings: Finding[] = [];
  #surplus = 0;
  #messages = 0;

  /** Takes the next record; gives the findings that became true with it. */
  take(frame: Frame, message: Message | undefined): readonly Finding[] {
    // What is known only in part accuses nobody.
    if (frame.newer !== undefined) return [];
    if (message) this.#messages += 1;
    const found = message ? this.#physician.message(frame, message) : this.#other(frame);
    if (this.#findings.length < mostFindings) this.#findings.push(...found);
    else this.#surplus += found.length;
    return found;
  }

  /** What was found so far. */
  result(unread: readonly string[] = []): Examination {
    const speakers = this.#physician.speakers();
    const more = this.#surplus === 0 ? [] : [`${this.#surplus} more findings than ${mostFindings} are not listed`];
    return {
      findings: this.#findings,
      verdicts: this.#physician.verdicts(),
      speakers,
      messages: this.#messages,
      connections: speakers.length,
      unread: [...unread, ...more],
    };
  }

  #other(frame: Frame): readonly Finding[] {
    if (frame.kind === 'raw') return this.#physician.raw(frame);
    return frame.kind === 'event' ? this.#physician.event(frame, jsonBody(frame) ?? {}) : [];
  }
}

/**
 * Examines a finished capture. Throws a CaptureError where it cannot be opened.
 *
 * @param path the capture
 * @param progress is told how many records have been gone through, now and then
 */
export function examine(path: string, progress?: (records: number) => void): Examination {
  const examiner = new Examiner();
  return examiner.result(goThrough(path, (frame, message) => void examiner.take(frame, message), progress));
}
