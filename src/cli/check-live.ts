/** `check --live`: what is found on a capture while it grows, and a verdict in one line when it ends. */
import { existsSync } from 'node:fs';
import { CaptureError } from '../capture/capture-error.ts';
import { followCapture } from '../capture/follow.ts';
import { connectToEngine } from '../control/client.ts';
import { ControlError } from '../control/control-error.ts';
import { severities } from '../decode/check/groups.ts';
import type { Finding } from '../decode/check/rule.ts';
import { counted } from '../decode/counted.ts';
import { decodeFrame } from '../decode/message.ts';
import { plain } from '../decode/plain.ts';
import { type Examination, Examiner } from '../trace/examination.ts';
import { Failure, UsageError } from './usage.ts';

/** Follows a capture, or that of a running engine, until its recorder ends or somebody interrupts. Exit status as `check`. */
export async function checkLive(nameOrFile: string, wanted: (finding: Finding) => boolean): Promise<number> {
  const path = await captureOf(nameOrFile);
  const ending = new AbortController();
  process.once('SIGINT', () => ending.abort());
  const examiner = new Examiner();
  const unread: string[] = [];
  const told = new Set<string>();
  const options = { signal: ending.signal, onProblem: ({ message }: { message: string }) => void unread.push(message) };
  try {
    for await (const frames of followCapture(path, options)) {
      for (const frame of frames) {
        const found = examiner.take(frame, frame.kind === 'message' ? decodeFrame(frame) : undefined);
        for (const finding of found.filter(wanted)) tell(findingLine(finding), told);
      }
      for (const { title, what, records } of examiner.result().verdicts)
        tell(`${title}: ${what} (record ${records.join(', ')})`, told);
    }
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  }
  const result = examiner.result(unread);
  const findings = result.findings.filter(wanted);
  console.log(plain(`${path}: ${verdictLine({ ...result, findings })}`));
  return unread.length > 0 || findings.some(({ severity }) => severity === 'error') ? 1 : 0;
}

/** Each thing is said once: a rule that fires again and again is counted in the end. */
function tell(line: string, told: Set<string>): void {
  const key = line.replace(/\(?records? [\d, ]+\)?/, '');
  if (told.has(key)) return;
  if (told.size < mostTold) told.add(key);
  console.log(plain(line));
}

/** Different lines that are remembered. */
const mostTold = 10_000;

function findingLine({ rule, name, severity, side, message, records }: Finding): string {
  return `${severity} ${rule} ${name}${side ? `, ${side}` : ''}: ${message} (record ${records[0]})`;
}

/** All of it in one line. */
function verdictLine({ messages, connections, findings, verdicts, unread }: Examination): string {
  const counts = severities.map(severity => ({
    severity,
    count: findings.filter(one => one.severity === severity).length,
  }));
  const parts = [
    ...verdicts.map(one => one.title),
    ...counts.filter(({ count }) => count > 0).map(({ severity, count }) => counted(count, severity)),
    ...(unread.length > 0 ? ['not all of it could be read'] : []),
  ];
  const verdict = parts.length > 0 ? [...new Set(parts)].join(', ') : 'nothing to complain about';
  return `${counted(messages, 'message')} on ${counted(connections, 'connection')}: ${verdict}`;
}

/** The capture that is meant: a file, else that of the engine with this name. */
async function captureOf(nameOrFile: string): Promise<string> {
  if (existsSync(nameOrFile) || nameOrFile.includes('/') || /\.pcap(ng)?$/.test(nameOrFile)) return nameOrFile;
  try {
    const engine = await connectToEngine(nameOrFile, { program: 'check' });
    try {
      const { capture } = await engine.request('status', {});
      if (capture.path === undefined) throw new UsageError(`check: the engine ${nameOrFile} records nothing`);
      return capture.path;
    } finally {
      engine.close();
    }
  } catch (error) {
    if (error instanceof ControlError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}
