/** Runs probes against a real implementation, one connection each, and tells what it did. */
import { holds } from '../decode/condition.ts';
import type { Context } from '../decode/frame.ts';
import { decodeFrame } from '../decode/message.ts';
import { fold, newSession, type Session } from '../decode/session/session.ts';
import { otherSide, type Side } from '../decode/side.ts';
import type { Address } from '../sys/socket.ts';
import { type Judgement, judge } from './judge.ts';
import type { Account, Outcome, Plan } from './peer.ts';
import { type Probe, probeScript } from './probe.ts';
import { backEndProbes, frontEndProbes, type ProbeArea } from './probes/index.ts';
import { type Script, script, send, when } from './script.ts';
import { startPeer } from './start.ts';
import { type Exit, type Subject, SubjectError } from './subject.ts';
import { conformanceBackEnd, conformanceFrontEnd } from './traits.ts';

/** What is examined, and how it is reached. */
export interface Examination {
  /** The side of the implementation; we are the other one. */
  readonly side: Side;
  readonly address: Address;
  /** Which end of the socket we are. */
  readonly socket: 'listen' | 'connect';
  /** How to start the implementation; without it, somebody else does. */
  readonly subject?: Subject;
  /** How long an answer may take, and a connection, ms. */
  readonly patience: number;
  readonly connectPatience: number;
  /** Ids of the probes; all where absent. */
  readonly only?: ReadonlySet<string>;
}

/** What one probe has shown. */
export interface ProbeResult extends Judgement {
  readonly area: string;
  readonly probe: Probe;
  /** How the process ended, if it did. */
  readonly exit?: Exit;
  /** Why the script could not be taken to its end. */
  readonly error?: string;
  /** The last lines that the program printed, where it did not do what is right. */
  readonly printed: readonly string[];
}

/** What a back-end has told of itself before the first probe. */
export type Offers = Session['negotiation'];

const survey: Script = script(
  send('GET_FEATURES'),
  when(['feature', 'PROTOCOL_FEATURES'], send('GET_PROTOCOL_FEATURES')),
  when(['protocol', 'MQ'], send('GET_QUEUE_NUM')),
  when(['protocol', 'CONFIGURE_MEM_SLOTS'], send('GET_MAX_MEM_SLOTS')),
);

const nothingHappened: Account = { frames: [], answers: [], marks: {}, closed: false };
/** Lines of output that are kept with a result. */
const keptLines = 3;

/**
 * Examines an implementation.
 *
 * @param told called with what a back-end offers
 * @throws SubjectError where the program cannot be started, or nobody is there without one
 */
export async function* examineConformance(
  examination: Examination,
  told: (offers: Offers) => void = () => {},
): AsyncGenerator<ProbeResult> {
  const { side, only } = examination;
  const areas: readonly ProbeArea[] = side === 'back-end' ? backEndProbes : frontEndProbes;
  const context = side === 'back-end' ? await ask(examination, told) : undefined;
  for (const { title, probes } of areas) {
    for (const probe of probes) {
      if (only && !only.has(probe.id)) continue;
      const skipped = context && probe.needs && !holds(probe.needs, { ...noFacts, context });
      yield skipped
        ? { area: title, probe, verdict: 'skipped', closed: false, findings: [], printed: [] }
        : { area: title, probe, ...(await examineOne(examination, probe)) };
    }
  }
}

const noFacts = { size: 0, fdCount: 0, first: 0, assumed: false };

/** The first connection: what is on offer decides which probes make sense. */
async function ask(examination: Examination, told: (offers: Offers) => void): Promise<Context> {
  const { outcome } = await connected(examination, survey, undefined);
  const { negotiation } = sessionOf(outcome.connections[0] ?? nothingHappened);
  const { virtio, protocol } = negotiation;
  if (virtio.offered === undefined) throw new SubjectError(outcome.error ?? 'GET_FEATURES was not answered');
  told(negotiation);
  return { features: virtio.offered, protocolFeatures: protocol.offered ?? 0n };
}

function sessionOf({ frames }: Account): Session {
  return frames.reduce((session, frame) => fold(session, frame, decodeFrame(frame)), newSession);
}

type Seen = Omit<ProbeResult, 'area' | 'probe'>;

async function examineOne(examination: Examination, probe: Probe): Promise<Seen> {
  const { outcome, exit, printed } = await connected(examination, probeScript(probe), probe);
  const account = outcome.connections[0] ?? nothingHappened;
  const ours = otherSide(examination.side);
  const judgement = judge(probe, account, ours, exit?.signal != null);
  return {
    ...judgement,
    ...(exit && { exit }),
    ...(outcome.error !== undefined && { error: outcome.error }),
    printed: judgement.verdict === 'pass' || judgement.verdict === 'allowed' ? [] : printed,
  };
}

/** One connection with the implementation. */
async function connected(
  examination: Examination,
  steps: Script,
  probe: Probe | undefined,
): Promise<{ outcome: Outcome; exit?: Exit; printed: readonly string[] }> {
  const { subject, socket } = examination;
  if (socket === 'connect') subject?.start();
  const peer = startPeer(planFor(examination, steps, probe));
  await peer.ready;
  // One that connects to us finds us there, and is started anew for each connection.
  if (socket === 'listen') subject?.start();
  const failed = subject && watchFailure(subject, () => peer.stop());
  const outcome = await peer.ended;
  failed?.();
  const account = outcome.connections[0];
  if (account) subject?.served();
  else if (subject?.failure) throw subject.failure;
  else if (!subject) {
    const why = outcome.error ?? 'there was no connection';
    throw new SubjectError(`${why}; if it serves one connection and ends, give the command that starts it after --`);
  }
  const exit = await subject?.settle(account?.closed === true);
  const printed = subject?.takeOutput(keptLines) ?? [];
  if (socket === 'listen') await subject?.stop();
  return { outcome, ...(exit && { exit }), printed };
}

const watchingMs = 100;

/** Stops waiting for a program that will not come. */
function watchFailure(subject: Subject, give: () => void): () => void {
  const timer = setInterval(() => {
    if (subject.over) give();
  }, watchingMs);
  return () => clearInterval(timer);
}

function planFor(examination: Examination, steps: Script, probe: Probe | undefined): Plan {
  const { side, address, socket, patience, connectPatience } = examination;
  const shared = { address, socket, patience, connectPatience, scripts: [steps] };
  return side === 'back-end'
    ? { ...shared, side: 'front-end', traits: { ...conformanceFrontEnd, ...probe?.frontEnd } }
    : { ...shared, side: 'back-end', traits: { ...conformanceBackEnd, ...probe?.backEnd } };
}
