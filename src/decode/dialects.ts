/**
 * Which implementations speak: told by the programs that hold the sockets, and by habits seen on the wire. Each clue
 * is an entry; several may speak for the same side, and the evidence is kept so that a reader can judge.
 */
import type { Step } from './check/rule.ts';
import type { Dialect } from './frame.ts';

/** One of the two peers. */
export type Side = 'front-end' | 'back-end';

/** Something that speaks for an implementation. */
export interface Evidence {
  readonly side: Side;
  readonly dialect: Dialect;
  /** What was seen. */
  readonly text: string;
  /** Record that shows it. */
  readonly n: number;
  /** How telling it is: a program's name 3, a habit of one implementation 2, one that several share 1. */
  readonly weight: number;
}

interface ProgramClue {
  /** Matches the last part of the executable's path, or the command name. */
  readonly program: RegExp;
  readonly side: Side | 'either';
  readonly dialect: Dialect;
}

/** Programs by name. `virtiofsd` is missing on purpose: two implementations share the name. */
export const programs: readonly ProgramClue[] = [
  { program: /^qemu-storage-d/, side: 'back-end', dialect: 'qemu-storage-daemon' },
  { program: /^(qemu-system-|qemu-kvm|kvm$)/, side: 'front-end', dialect: 'qemu' },
  {
    program: /^(vhost-user-gpu|vhost-user-blk|vhost-user-scsi|vhost-user-input)$/,
    side: 'back-end',
    dialect: 'libvhost-user',
  },
  { program: /^(dpdk-|testpmd|ovs-vswitchd|vhost-switch)/, side: 'either', dialect: 'dpdk' },
  { program: /^(spdk_tgt|spdk|vhost$)/, side: 'back-end', dialect: 'spdk' },
  { program: /^vhost-device-/, side: 'back-end', dialect: 'rust-vmm' },
  { program: /^crosvm/, side: 'either', dialect: 'crosvm' },
  { program: /^cloud-hyperviso/, side: 'either', dialect: 'cloud-hypervisor' },
  { program: /^(vmlinux|linux|uml)/, side: 'front-end', dialect: 'uml' },
  { program: /^(vpp|vpp_main)$/, side: 'either', dialect: 'vpp' },
  { program: /^(passt|pasta)/, side: 'back-end', dialect: 'passt' },
  { program: /^vhuscope$/, side: 'either', dialect: 'vhuscope' },
];

/** What a peer's program says about it; `undefined` where the name says nothing. */
export function dialectOfProgram(side: Side, executable: string, n: number): Evidence | undefined {
  const name = executable.slice(executable.lastIndexOf('/') + 1);
  const clue = programs.find(one => (one.side === side || one.side === 'either') && one.program.test(name));
  return clue && { side, dialect: clue.dialect, text: `the program is ${name}`, n, weight: 3 };
}

interface Habit {
  readonly side: Side;
  readonly dialect: Dialect;
  readonly text: string;
  readonly weight: 1 | 2;
  readonly seen: (step: Step) => boolean;
}

const request = (step: Step, name: string) => step.message.name === name && !step.message.reply;
const reply = (step: Step, name: string) => step.message.name === name && step.message.reply;
const memoryShared = ({ before }: Step) => before.memory.regions.length > 0;

/** Habits on the wire. */
export const habits: readonly Habit[] = [
  {
    side: 'front-end',
    dialect: 'qemu',
    text: 'GET_FEATURES a second time after SET_OWNER, before any ring',
    weight: 2,
    seen: step =>
      request(step, 'GET_FEATURES') &&
      step.before.negotiation.owner !== undefined &&
      step.before.negotiation.virtio.offered !== undefined &&
      step.before.vrings.byIndex.size === 0,
  },
  {
    side: 'front-end',
    dialect: 'qemu',
    text: 'SET_VRING_CALL before SET_FEATURES',
    weight: 1,
    seen: step => request(step, 'SET_VRING_CALL') && step.before.negotiation.virtio.accepted === undefined,
  },
  {
    side: 'front-end',
    dialect: 'qemu',
    text: 'GET_SHARED_OBJECT without its payload',
    weight: 2,
    seen: step => request(step, 'GET_SHARED_OBJECT') && step.message.size === 0,
  },
  {
    side: 'front-end',
    dialect: 'rust-vmm',
    text: 'need_reply on a message that has a reply of its own',
    weight: 2,
    seen: ({ message }) =>
      message.channel === 'main' && !message.reply && message.needReply && /^GET_/.test(message.name),
  },
  {
    side: 'front-end',
    dialect: 'cloud-hypervisor',
    text: 'SET_BACKEND_REQ_FD after the rings were set up',
    weight: 2,
    seen: step =>
      request(step, 'SET_BACKEND_REQ_FD') &&
      [...step.before.vrings.byIndex.values()].some(ring => ring.kick !== undefined),
  },
  {
    side: 'front-end',
    dialect: 'uml',
    text: 'SET_MEM_TABLE of 72 bytes with one region',
    weight: 2,
    seen: step => request(step, 'SET_MEM_TABLE') && step.message.size === 72 && step.message.payload.num_regions === 1,
  },
  {
    side: 'front-end',
    dialect: 'dpdk',
    text: 'SET_OWNER first, then SET_STATUS with need_reply',
    weight: 2,
    seen: step => request(step, 'SET_STATUS') && step.message.needReply && !memoryShared(step),
  },
  {
    side: 'back-end',
    dialect: 'libvhost-user',
    text: 'a reply that repeats need_reply',
    weight: 2,
    seen: ({ message }) => message.channel === 'main' && message.reply && message.needReply,
  },
  {
    side: 'back-end',
    dialect: 'dpdk',
    text: 'SET_LOG_BASE answered without payload',
    weight: 2,
    seen: step => reply(step, 'SET_LOG_BASE') && step.message.size === 0,
  },
  {
    side: 'back-end',
    dialect: 'libvhost-user',
    text: 'SET_LOG_BASE answered with the size of the log',
    weight: 1,
    seen: step => reply(step, 'SET_LOG_BASE') && step.message.size === 8,
  },
  {
    side: 'back-end',
    dialect: 'rust-vmm',
    text: 'SET_LOG_BASE answered with the log itself',
    weight: 2,
    seen: step => reply(step, 'SET_LOG_BASE') && step.message.size === 16,
  },
  {
    side: 'back-end',
    dialect: 'dpdk',
    text: '8 memory slots',
    weight: 1,
    seen: step => reply(step, 'GET_MAX_MEM_SLOTS') && step.message.payload.max_mem_slots === 8,
  },
  {
    side: 'back-end',
    dialect: 'libvhost-user',
    text: '32 memory slots, without STATUS',
    weight: 1,
    seen: step => reply(step, 'GET_MAX_MEM_SLOTS') && step.message.payload.max_mem_slots === 32,
  },
];

/** What a message says about the peers; `habits` that were seen before on the connection say nothing new. */
export function habitsOf(step: Step, seen: ReadonlySet<Habit>): { habit: Habit; evidence: Evidence }[] {
  return habits
    .filter(habit => !seen.has(habit) && habit.seen(step))
    .map(habit => ({
      habit,
      evidence: { side: habit.side, dialect: habit.dialect, text: habit.text, n: step.frame.n, weight: habit.weight },
    }));
}

/** The implementation that the evidence speaks for, and all of it that does; `undefined` where there is none. */
export function weigh(
  evidence: readonly Evidence[],
  side: Side,
): { dialect: Dialect; evidence: Evidence[] } | undefined {
  const sums = new Map<Dialect, number>();
  for (const one of evidence) if (one.side === side) sums.set(one.dialect, (sums.get(one.dialect) ?? 0) + one.weight);
  let best: Dialect | undefined;
  for (const [dialect, sum] of sums) if (best === undefined || sum > (sums.get(best) ?? 0)) best = dialect;
  return best && { dialect: best, evidence: evidence.filter(one => one.side === side && one.dialect === best) };
}
