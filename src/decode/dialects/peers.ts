/**
 * Both peers of a connection, and what is known of who they are: a pure fold over the events that tell their programs
 * and over the messages that show their habits. A program's name decides; habits speak where it is not known.
 */
import type { Context, Dialect } from '../frame.ts';
import type { Change } from '../session/session.ts';
import type { Side } from '../side.ts';
import { type Evidence, isOf, older, type Version } from './evidence.ts';
import { type Habit, shown } from './habits.ts';
import { dialectOfProgram, type Program, programName } from './programs.ts';

/** What is known of one peer. */
export interface Peer {
  /** The process that holds its socket, and the record that says so. */
  readonly program?: Program & { readonly n: number };
  /** The dialect that stands with its messages: who recorded them knew the program. */
  readonly noted?: Dialect;
  readonly habits: readonly Evidence[];
}

/** Both sides. */
export type Peers = { readonly [side in Side]: Peer };

const nobody: Peer = { habits: [] };
/** Nothing is known. */
export const unknownPeers: Peers = { 'front-end': nobody, 'back-end': nobody };

/** What is known with a process: `connected` tells its command, `peer` later its executable and version. */
export function withProgram(now: Peers, side: Side, program: Program, n: number): Peers {
  return { ...now, [side]: { ...now[side], program: { ...now[side].program, ...program, n } } };
}

/** What is known after a message. */
export function withMessage(now: Peers, change: Change): Peers {
  let next = noted(now, change.frame.context);
  for (const habit of shown(change)) {
    const peer = next[habit.side];
    if (peer.habits.some(one => one.text === habit.text)) continue;
    next = { ...next, [habit.side]: { ...peer, habits: [...peer.habits, evidenceOf(habit, change.frame.n)] } };
  }
  return next;
}

function noted(now: Peers, { frontEnd, backEnd }: Context): Peers {
  const front = now['front-end'];
  const back = now['back-end'];
  if ((frontEnd ?? front.noted) === front.noted && (backEnd ?? back.noted) === back.noted) return now;
  return {
    'front-end': frontEnd ? { ...front, noted: frontEnd } : front,
    'back-end': backEnd ? { ...back, noted: backEnd } : back,
  };
}

function evidenceOf({ side, dialect, text, weight, since, before }: Habit, n: number): Evidence {
  return { side, dialect, text, n, weight, ...(since && { since }), ...(before && { before }) };
}

/** Who a peer is. */
export interface Identity {
  readonly side: Side;
  /** `undefined` where nothing tells. */
  readonly dialect: Dialect | undefined;
  /** How that is known: the program that holds the socket, what was noted with the messages, or habits. */
  readonly by: 'program' | 'note' | 'habits' | undefined;
  /** The name of the program. */
  readonly program: string | undefined;
  /** Its version, in its own words. */
  readonly version: string | undefined;
  /** What its habits say about the version. */
  readonly since: Version | undefined;
  readonly before: Version | undefined;
  /** The habits that fit. */
  readonly habits: readonly Evidence[];
}

/** Who a peer is, as far as it is known. */
export function identify(peers: Peers, side: Side): Identity {
  const { program, noted: note, habits } = peers[side];
  const named = program && dialectOfProgram(program, side);
  const dialect = named ?? note ?? heaviest(habits);
  const fitting = dialect === undefined ? [] : habits.filter(one => isOf(dialect, one.dialect));
  let since: Version | undefined;
  let before: Version | undefined;
  for (const one of fitting) {
    if (one.since && (!since || older(since, one.since))) since = one.since;
    if (one.before && (!before || older(one.before, before))) before = one.before;
  }
  return {
    side,
    dialect,
    by: named ? 'program' : note ? 'note' : dialect && 'habits',
    program: program && programName(program),
    version: program?.version,
    since,
    before,
    habits: fitting,
  };
}

/** The dialect for which the habits weigh most, if they weigh anything. */
function heaviest(habits: readonly Evidence[]): Dialect | undefined {
  const sums = new Map<Dialect, number>();
  for (const one of habits) sums.set(one.dialect, (sums.get(one.dialect) ?? 0) + one.weight);
  let best: Dialect | undefined;
  for (const [dialect, sum] of sums) if (sum > (best === undefined ? 0 : (sums.get(best) ?? 0))) best = dialect;
  return best;
}

/** Implementations as people write them. */
export const dialectNames: { readonly [dialect in Dialect]: string } = {
  qemu: 'QEMU',
  'libvhost-user': 'libvhost-user',
  'qemu-storage-daemon': 'qemu-storage-daemon',
  dpdk: 'DPDK',
  spdk: 'SPDK',
  'rust-vmm': 'rust-vmm',
  crosvm: 'crosvm',
  'cloud-hypervisor': 'Cloud Hypervisor',
  uml: 'User-Mode Linux',
  vpp: 'VPP',
  passt: 'passt',
  vhuscope: 'vhuscope',
};

const spelled = (version: Version) => version.join('.');

/** Who a peer is, and how that is known, in one line. */
export function identitySentence({ dialect, by, program, version, since, before, habits }: Identity): string {
  const who = dialect === undefined ? 'not known' : dialectNames[dialect];
  const range = [...(since ? [`${spelled(since)} or later`] : []), ...(before ? [`before ${spelled(before)}`] : [])];
  const age = version ?? range.join(', ');
  const running = program === undefined ? [] : [`runs ${program}`];
  const seen = habits.filter(one => by === 'habits' && one.weight > 0).map(one => `${one.text} (record ${one.n})`);
  const how = [...running, ...(by === 'note' ? ['noted with its messages'] : []), ...seen];
  return `${who}${age === '' ? '' : ` ${age}`}${how.length === 0 ? '' : `: ${how.join('; ')}`}`;
}
