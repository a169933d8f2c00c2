/** `vhuscope check --back-end` and `--front-end`: tries a real implementation out and prints what it did. */

import { spell } from '../decode/check/masks.ts';
import { plain } from '../decode/plain.ts';
import { type Examination, examineConformance, type Offers, type ProbeResult } from '../peers/conformance.ts';
import type { Verdict } from '../peers/probe.ts';
import { backEndProbes, frontEndProbes } from '../peers/probes/index.ts';
import { Subject, SubjectError } from '../peers/subject.ts';
import { parseEndpoint } from './endpoint.ts';
import { type Surface, type SurfaceOptions, surfaceOf } from './terminal.ts';
import { Failure, UsageError } from './usage.ts';

/** What of the options of `check` is about an implementation. */
export interface ConformanceOptions extends SurfaceOptions {
  backEnd?: string;
  frontEnd?: string;
  probe?: readonly string[];
  patience?: number;
  json?: boolean;
}

/** How long a connection may take, ms: DPDK needs seconds until it listens, a guest until it starts its device. */
const connectPatience = 30_000;
/** The same where what is tried out should listen already: somebody starts it anew for each probe, or it is not there. */
const restartPatience = 5_000;
/** How long a front-end may take to start its device, ms: a guest boots first. */
const startPatience = 10_000;

/** Examines the implementation behind a socket; `command` starts it. Resolves to 1 where it deviates or dies. */
export async function checkConformance(options: ConformanceOptions, command: readonly string[]): Promise<number> {
  const examination = examinationOf(options, command);
  const surface = surfaceOf(options);
  const results: ProbeResult[] = [];
  let offers: Offers | undefined;
  const interrupted = () => void examination.subject?.stop().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const heard = (said: Offers) => {
      offers = said;
      if (!options.json) process.stdout.write(offersText(said));
    };
    for await (const result of examineConformance(examination, heard)) {
      if (!options.json) process.stdout.write(resultText(result, results.at(-1), surface));
      results.push(result);
    }
  } catch (error) {
    if (error instanceof SubjectError) throw new Failure(plain(error.message), { cause: error });
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await examination.subject?.stop();
  }
  const text = options.json ? `${JSON.stringify(reportOf(examination, offers, results))}\n` : sumText(results);
  process.stdout.write(text);
  return results.some(({ verdict }) => bad.has(verdict)) ? 1 : 0;
}

const bad: ReadonlySet<Verdict> = new Set(['deviation', 'death', 'unreached']);

function examinationOf(options: ConformanceOptions, command: readonly string[]): Examination {
  const { backEnd, frontEnd, probe, patience = backEnd === undefined ? startPatience : 1000 } = options;
  if (backEnd !== undefined && frontEnd !== undefined)
    throw new UsageError('check: choose one of --back-end and --front-end');
  const side = backEnd === undefined ? 'front-end' : 'back-end';
  const usual = side === 'back-end' ? 'connect' : 'listen';
  const endpoint = parseEndpoint(backEnd ?? frontEnd ?? '', `--${side}`, usual);
  if (endpoint.role === 'fd') throw new UsageError(`--${side}: each probe needs a connection of its own, fd:N has one`);
  const { role: socket, address } = endpoint;
  const known = (side === 'back-end' ? backEndProbes : frontEndProbes).flatMap(({ probes }) => probes);
  for (const id of probe ?? []) {
    if (!known.some(one => one.id === id)) throw new UsageError(`--probe: there is no probe '${id}' of a ${side}`);
  }
  return {
    ...{ side, address, socket, patience },
    connectPatience: socket === 'connect' && command.length === 0 ? restartPatience : connectPatience,
    ...(probe && { only: new Set(probe) }),
    ...(command.length > 0 && { subject: new Subject(command, socket === 'connect' ? address : undefined) }),
  };
}

function offersText({ virtio, protocol, queueNum, memorySlots }: Offers): string {
  const facts = [
    ['virtio features', spell('virtio', virtio.offered ?? 0n, undefined)],
    ['protocol features', protocol.offered === undefined ? 'none' : spell('protocol', protocol.offered, undefined)],
    ['queues', queueNum],
    ['memory slots', memorySlots],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`])).join('');
}

const colours: { readonly [verdict in Verdict]: string } = {
  ...{ pass: '32', allowed: '36', deviation: '33', death: '31;1', skipped: '2', unreached: '31' },
};

/** What was done, in words: `refuses with 1, then closes`. */
function reactionText({ reaction, refusal, closed, exit, error }: ProbeResult): string {
  if (reaction === undefined) return error ?? '';
  const how = refusal === undefined ? reaction : `${reaction} with ${refusal}`;
  const then = closed && reaction !== 'closes' && reaction !== 'dies' ? ', then closes' : '';
  return `${how}${then}${exit?.signal ? ` (${exit.signal})` : ''}`;
}

function resultText(result: ProbeResult, before: ProbeResult | undefined, { colour }: Surface): string {
  const { area, probe, verdict, findings, printed } = result;
  const word = verdict.padEnd(10);
  const painted = colour ? `\x1b[${colours[verdict]}m${word}\x1b[0m` : word;
  const broken = findings.filter(({ severity }) => severity !== 'note');
  const details = [
    ...(bad.has(verdict) ? [`${probe.title} [${probe.spec}]`] : []),
    ...broken.map(({ severity, rule, message }) => `${severity} ${rule}: ${message}`),
    ...printed.map(line => `it printed: ${line}`),
  ];
  return [
    ...(area === before?.area ? [] : [`\n${area}`]),
    `  ${painted} ${probe.id.padEnd(32)} ${plain(reactionText(result))}`,
    ...details.map(line => `             ${plain(line)}`),
    '',
  ].join('\n');
}

const sums: { readonly [verdict in Verdict]: string } = {
  pass: 'as the specification wants',
  allowed: 'as it leaves open',
  deviation: 'deviating',
  death: 'deadly',
  unreached: 'not reached',
  skipped: 'skipped, not offered',
};

function sumText(results: readonly ProbeResult[]): string {
  const counts = Object.entries(sums).map(([verdict, words]) => ({
    words,
    count: results.filter(result => result.verdict === verdict).length,
  }));
  const parts = counts.filter(({ count }) => count > 0).map(({ count, words }) => `${count} ${words}`);
  return `\n${results.length} probes: ${parts.join(', ')}\n`;
}

/** The report as JSON. Masks are hex, as in records. */
function reportOf({ side }: Examination, offers: Offers | undefined, results: readonly ProbeResult[]): object {
  const mask = (value: bigint | undefined) => (value === undefined ? undefined : `0x${value.toString(16)}`);
  return {
    side,
    ...(offers && {
      offers: {
        features: mask(offers.virtio.offered),
        protocol_features: mask(offers.protocol.offered),
        queues: offers.queueNum,
        memory_slots: offers.memorySlots,
      },
    }),
    results: results.map(result => {
      const { area, probe, verdict, reaction, refusal, closed, exit, error, findings, printed } = result;
      const { id, title, spec, nature, breaks } = probe;
      return {
        ...{ probe: id, area, title, spec, nature, breaks: breaks ?? [], verdict, reaction, refusal, closed, exit },
        ...{ error, printed },
        findings: findings.map(({ rule, name, severity, message }) => ({ rule, name, severity, message })),
      };
    }),
  };
}
