/** `check --live`: what is found on a capture while it grows, and a verdict in one line when it ends. */
import { existsSync } from 'node:fs';
import { CaptureError } from '../capture/capture-error.ts';
import { followCapture } from '../capture/follow.ts';
import { connectToEngine } from '../control/client.ts';
import { ControlError } from '../control/control-error.ts';
import { severities } from '../decode/check/groups.ts';
import type { Finding } from '../decode/check/rule.ts';
import { counted } from '../decode/counted.ts';
import type { Verdict } from '../decode/diagnose/diagnosis.ts';
import { decodeFrame } from '../decode/message.ts';
import { plain } from '../decode/plain.ts';
import { type Examination, Examiner } from '../trace/examination.ts';
import { printStatus, type Surface, type SurfaceOptions, shownOn, surfaceOf } from './terminal.ts';
import { Failure, UsageError } from './usage.ts';

/** How it is printed. */
interface LiveOptions extends SurfaceOptions {
  readonly json?: boolean;
}

/** Follows a capture, or that of a running engine, until its recorder ends or somebody interrupts. Exit status as `check`. */
export async function checkLive(
  nameOrFile: string,
  wanted: (finding: Finding) => boolean,
  options: LiveOptions,
): Promise<number> {
  const { path, engine } = await captureOf(nameOrFile);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const examiner = new Examiner();
  const unread: string[] = [];
  const voice = options.json ? inJson() : inText(surfaceOf(options));
  const follow = { signal: ending.signal, onProblem: ({ message }: { message: string }) => void unread.push(message) };
  try {
    const frames = followCapture(path, follow);
    // On standard error, so that what is piped is what was found, and somebody who sees nothing knows why.
    if (existsSync(path))
      printStatus(`watching ${path}${engine === undefined ? '' : `, which ${engine} records`}; Ctrl-C for the verdict`);
    for await (const batch of frames) {
      for (const frame of batch) {
        const found = examiner.take(frame, frame.kind === 'message' ? decodeFrame(frame) : undefined);
        for (const finding of found.filter(wanted)) voice.finding(finding);
      }
      for (const verdict of examiner.result().verdicts) voice.verdict(verdict);
    }
  } catch (error) {
    if (error instanceof CaptureError) throw new Failure(error.message, { cause: error });
    throw error;
  }
  const result = examiner.result(unread);
  const findings = result.findings.filter(wanted);
  voice.end(path, { ...result, findings });
  return unread.length > 0 || findings.some(({ severity }) => severity === 'error') ? 1 : 0;
}

/** How what is found is told. */
interface Voice {
  finding(finding: Finding): void;
  verdict(verdict: Verdict): void;
  end(path: string, result: Examination): void;
}

/** In lines, each thing once: a rule that fires again and again is counted in the end. */
function inText(surface: Surface): Voice {
  const told = new Set<string>();
  const say = (line: string): void => console.log(shownOn(surface, plain(line)));
  const sayOnce = (line: string): void => {
    const key = line.replace(/\(?records? [\d, ]+\)?/, '');
    if (told.has(key)) return;
    if (told.size < mostTold) told.add(key);
    say(line);
  };
  return {
    finding: finding => sayOnce(findingLine(finding)),
    verdict: ({ title, what, records }) => sayOnce(`${title}: ${what} (record ${records.join(', ')})`),
    end: (path, result) => say(`${path}: ${verdictLine(result)}`),
  };
}

/** In objects, one a line: `{"finding"}` and `{"verdict"}` as they become true, then what `check --json` prints. */
function inJson(): Voice {
  const told = new Set<string>();
  const say = (body: object): void => console.log(JSON.stringify(body));
  return {
    finding: finding => say({ finding }),
    verdict: verdict => {
      const key = `${verdict.id} ${verdict.pair} ${verdict.session} ${verdict.epoch} ${verdict.what}`;
      if (told.has(key)) return;
      if (told.size < mostTold) told.add(key);
      say({ verdict });
    },
    end: (path, result) => say({ ...result, file: path }),
  };
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
async function captureOf(nameOrFile: string): Promise<{ path: string; engine?: string }> {
  if (existsSync(nameOrFile) || nameOrFile.includes('/') || /\.pcap(ng)?$/.test(nameOrFile))
    return { path: nameOrFile };
  try {
    const engine = await connectToEngine(nameOrFile, { program: 'check' });
    try {
      const { capture } = await engine.request('status', {});
      if (capture.path === undefined) throw new UsageError(`check: the engine ${nameOrFile} records nothing`);
      return { path: capture.path, engine: nameOrFile };
    } finally {
      engine.close();
    }
  } catch (error) {
    if (error instanceof ControlError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}
