/** Goes through a capture with the rules and the diagnoses. */
import { FileSource } from '../capture/byte-source.ts';
import { CaptureReader } from '../capture/reader.ts';
import type { Finding } from '../decode/check/rule.ts';
import { Physician, type Speakers } from '../decode/diagnose/diagnose.ts';
import type { Verdict } from '../decode/diagnose/diagnosis.ts';
import type { Frame } from '../decode/frame.ts';
import { decodeFrame } from '../decode/message.ts';
import { jsonBody } from '../decode/text/event.ts';

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

/** Records between two reports of progress. */
const batchSize = 4096;

/**
 * Examines a finished capture. Throws a CaptureError where it cannot be opened.
 *
 * @param path the capture
 * @param progress is told how many records have been gone through, now and then
 */
export function examine(path: string, progress?: (records: number) => void): Examination {
  const physician = new Physician();
  const findings: Finding[] = [];
  const connections = new Set<string>();
  let messages = 0;
  let records = 0;
  const take = (frame: Frame) => {
    records += 1;
    if (frame.session > 0) connections.add(`${frame.pair}/${frame.session}/${frame.epoch}`);
    if (frame.kind === 'message') {
      messages += 1;
      findings.push(...physician.message(frame, decodeFrame(frame)));
    } else if (frame.kind === 'event') findings.push(...physician.event(frame, jsonBody(frame) ?? {}));
  };
  const source = new FileSource(path);
  try {
    const reader = new CaptureReader(source);
    for (let batch = reader.batch(batchSize); batch.length > 0; batch = reader.batch(batchSize)) {
      batch.forEach(take);
      progress?.(records);
    }
    reader.rest().forEach(take);
    const lost = reader.counts.lost > 0 ? [`the recorder lost ${reader.counts.lost} messages`] : [];
    const unread = [...reader.problems.map(problem => problem.message), ...lost];
    const [verdicts, speakers] = [physician.verdicts(), physician.speakers()];
    return { findings, verdicts, speakers, messages, connections: connections.size, unread };
  } finally {
    source.close();
  }
}
