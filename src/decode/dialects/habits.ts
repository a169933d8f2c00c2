/**
 * Habits on the wire by which implementations are known, and what in them tells a version. An entry names the messages
 * it looks at; those with weight 0 say nothing about who speaks, only how old it is where that is known otherwise.
 */
import type { Dialect } from '../frame.ts';
import { perKind } from '../kind.ts';
import type { Change } from '../session/session.ts';
import { deviceById } from '../spec/devices/index.ts';
import { protocolFeatures } from '../spec/protocol-features.ts';
import { transportFeatures } from '../spec/transport-features.ts';
import type { Evidence } from './evidence.ts';

/** A habit. */
export interface Habit extends Omit<Evidence, 'n'> {
  /** Names of requests, `=` behind them for replies; or all requests, or all replies. */
  readonly on: readonly string[] | 'requests' | 'replies';
  readonly seen: (change: Change) => boolean;
}

type Protocol = keyof typeof protocolFeatures;
type Offer = 'offered' | 'accepted';

const mask = (names: readonly Protocol[]) =>
  names.reduce((all, name) => all | (1n << BigInt(protocolFeatures[name].bit)), 0n);
const virtio = (name: keyof typeof transportFeatures) => 1n << BigInt(transportFeatures[name].bit);
const all = ({ after }: Change, of: Offer, names: readonly Protocol[]) =>
  ((after.negotiation.protocol[of] ?? 0n) & mask(names)) === mask(names);
const none = ({ after }: Change, of: Offer, names: readonly Protocol[]) =>
  ((after.negotiation.protocol[of] ?? 0n) & mask(names)) === 0n;
const only = ({ after }: Change, names: readonly Protocol[]) =>
  ((after.negotiation.protocol.offered ?? 0n) & ~mask(names)) === 0n;
const deviceOf = ({ frame }: Change) => deviceById(frame.context.device)?.name;
/** The front-end takes a protocol feature of a back-end that offers it, or leaves it. */
const takes = (name: Protocol) => (change: Change) => all(change, 'accepted', [name]);
const leaves = (name: Protocol) => (change: Change) =>
  all(change, 'offered', [name]) && none(change, 'accepted', [name]);

const frontEnd = (
  dialect: Dialect,
  weight: Habit['weight'],
  text: string,
  on: Habit['on'],
  seen: Habit['seen'],
  versions: Pick<Habit, 'since' | 'before'> = {},
): Habit => ({ side: 'front-end', dialect, weight, text, on, seen, ...versions });
const backEnd = (...[dialect, weight, text, on, seen, versions]: Parameters<typeof frontEnd>): Habit => ({
  ...frontEnd(dialect, weight, text, on, seen, versions),
  side: 'back-end',
});

const slots = (most: number) => (change: Change) => change.message.payload.max_mem_slots === most;
const size = (bytes: number) => (change: Change) => change.message.size === bytes;
const always = () => true;

/** Who speaks. */
const speakers: readonly Habit[] = [
  frontEnd('qemu', 2, 'GET_FEATURES again after SET_OWNER, before any ring', ['GET_FEATURES'], ({ before }) => {
    const { owner, virtio: features } = before.negotiation;
    return owner !== undefined && (features.offeredAt ?? owner) < owner && before.vrings.byIndex.size === 0;
  }),
  frontEnd(
    'qemu',
    1,
    'SET_OWNER after the protocol features',
    ['SET_OWNER'],
    ({ before }) => before.negotiation.owner === undefined && before.negotiation.protocol.accepted !== undefined,
  ),
  frontEnd('qemu', 2, 'GET_SHARED_OBJECT without its payload', ['GET_SHARED_OBJECT'], size(0)),
  frontEnd(
    'rust-vmm',
    2,
    'need_reply on a message that has a reply of its own',
    'requests',
    ({ message }) => message.needReply && message.channel === 'main' && message.name.startsWith('GET_'),
  ),
  frontEnd('cloud-hypervisor', 2, 'SET_BACKEND_REQ_FD after the rings were set up', ['SET_BACKEND_REQ_FD'], change =>
    [...change.before.vrings.byIndex.values()].some(ring => ring.kick !== undefined),
  ),
  frontEnd(
    'uml',
    2,
    'SET_MEM_TABLE of 72 bytes with one region',
    ['SET_MEM_TABLE'],
    change => change.message.size === 72 && change.message.payload.num_regions === 1,
  ),
  frontEnd(
    'dpdk',
    2,
    'SET_STATUS with need_reply before any memory',
    ['SET_STATUS'],
    ({ message, before }) => message.needReply && before.memory.regions.length === 0,
  ),
  backEnd(
    'libvhost-user',
    2,
    'a reply that repeats need_reply',
    'replies',
    ({ message }) => message.needReply && message.channel === 'main',
  ),
  backEnd(
    'libvhost-user',
    1,
    'NOTIFY_ON_EMPTY is offered',
    ['GET_FEATURES='],
    ({ after }) => ((after.negotiation.virtio.offered ?? 0n) & virtio('NOTIFY_ON_EMPTY')) !== 0n,
  ),
  backEnd(
    'libvhost-user',
    2,
    'HOST_NOTIFIER and CONFIGURE_MEM_SLOTS are offered together',
    ['GET_PROTOCOL_FEATURES='],
    change => all(change, 'offered', ['HOST_NOTIFIER', 'CONFIGURE_MEM_SLOTS']) && none(change, 'offered', ['RARP']),
  ),
  backEnd('libvhost-user', 1, 'SET_LOG_BASE is answered with 8 bytes', ['SET_LOG_BASE='], size(8)),
  backEnd(
    'dpdk',
    2,
    'RARP and MTU are offered, CONFIG is not',
    ['GET_PROTOCOL_FEATURES='],
    change => all(change, 'offered', ['RARP', 'MTU']) && none(change, 'offered', ['CONFIG']),
  ),
  backEnd('spdk', 2, 'RARP, MTU and CONFIG are offered together', ['GET_PROTOCOL_FEATURES='], change =>
    all(change, 'offered', ['RARP', 'MTU', 'CONFIG']),
  ),
  backEnd('dpdk', 2, 'SET_LOG_BASE is answered without payload', ['SET_LOG_BASE='], size(0)),
  backEnd('dpdk', 1, '8 memory slots', ['GET_MAX_MEM_SLOTS='], slots(8)),
  backEnd('rust-vmm', 2, 'SET_LOG_BASE is answered with the log itself', ['SET_LOG_BASE='], size(16)),
  backEnd(
    'rust-vmm',
    2,
    '509 memory slots, and no HOST_NOTIFIER',
    ['GET_MAX_MEM_SLOTS='],
    change => slots(509)(change) && none(change, 'offered', ['HOST_NOTIFIER']),
  ),
  backEnd(
    'passt',
    2,
    'REPLY_ACK is offered, and no more than LOG_SHMFD and DEVICE_STATE besides',
    ['GET_PROTOCOL_FEATURES='],
    change => all(change, 'offered', ['REPLY_ACK']) && only(change, ['REPLY_ACK', 'LOG_SHMFD', 'DEVICE_STATE']),
  ),
  backEnd(
    'vpp',
    2,
    'MQ and LOG_SHMFD are offered, and nothing else',
    ['GET_PROTOCOL_FEATURES='],
    change => all(change, 'offered', ['MQ', 'LOG_SHMFD']) && only(change, ['MQ', 'LOG_SHMFD']),
  ),
];

/** How old it is. */
const versions: readonly Habit[] = [
  frontEnd('qemu', 0, 'SET_VRING_ERR is sent', ['SET_VRING_ERR'], always, { since: [7, 1] }),
  frontEnd('qemu', 0, 'RESET_OWNER is sent', ['RESET_OWNER'], always, { before: [8, 2] }),
  frontEnd('qemu', 0, 'SET_VRING_ENABLE with need_reply', ['SET_VRING_ENABLE'], ({ message }) => message.needReply, {
    since: [8, 2],
  }),
  frontEnd('qemu', 0, 'SET_VRING_CALL with need_reply', ['SET_VRING_CALL'], ({ message }) => message.needReply, {
    since: [10, 2],
  }),
  frontEnd(
    'qemu',
    0,
    'RESET_DEVICE is sent by a device other than scsi',
    ['RESET_DEVICE'],
    change => !['scsi', undefined].includes(deviceOf(change)),
    { since: [8, 2] },
  ),
  frontEnd(
    'qemu',
    0,
    'PROTOCOL_FEATURES is acknowledged by a device other than net',
    ['SET_FEATURES'],
    change =>
      !['net', undefined].includes(deviceOf(change)) &&
      ((change.after.negotiation.virtio.accepted ?? 0n) & virtio('PROTOCOL_FEATURES')) !== 0n,
    { since: [7, 2] },
  ),
  frontEnd(
    'qemu',
    0,
    'PROTOCOL_FEATURES is offered and not acknowledged',
    ['SET_FEATURES'],
    ({ after }) =>
      ((after.negotiation.virtio.offered ?? 0n) & virtio('PROTOCOL_FEATURES')) !== 0n &&
      ((after.negotiation.virtio.accepted ?? 0n) & virtio('PROTOCOL_FEATURES')) === 0n,
    { before: [7, 2] },
  ),
  ...(
    [
      ['CONFIGURE_MEM_SLOTS', [5, 1]],
      ['STATUS', [7, 2]],
      ['DEVICE_STATE', [8, 2]],
      ['SHMEM', [11, 1]],
    ] as const
  ).flatMap(([name, version]) => [
    frontEnd('qemu', 0, `${name} is acknowledged`, ['SET_PROTOCOL_FEATURES'], takes(name), { since: version }),
    frontEnd('qemu', 0, `${name} is offered and not acknowledged`, ['SET_PROTOCOL_FEATURES'], leaves(name), {
      before: version,
    }),
  ]),
  backEnd('libvhost-user', 0, '32 memory slots', ['GET_MAX_MEM_SLOTS='], slots(32), { before: [9, 0] }),
  backEnd('libvhost-user', 0, '509 memory slots', ['GET_MAX_MEM_SLOTS='], slots(509), { since: [9, 0] }),
];

/** Every habit. */
export const habits: readonly Habit[] = [...speakers, ...versions];

/** The habits that a kind of message can show, and those that any message can show. */
const habitsOf = perKind(({ spec, reply }) => {
  const name = spec === undefined || !reply ? spec?.name : `${spec.name}=`;
  const general = habits.filter(({ on }) => on === (reply ? 'replies' : 'requests'));
  const named = habits.filter(({ on }) => typeof on !== 'string' && name !== undefined && on.includes(name));
  return { named, all: [...named, ...general] };
});
const noHabits: readonly Habit[] = [];

/** The habits that a message shows. */
export function shown(change: Change): readonly Habit[] {
  const { kind, needReply } = change.message;
  const { named, all } = habitsOf(kind);
  // What any message can show, it shows with its need_reply flag.
  const possible = needReply ? all : named;
  return possible.length === 0 ? noHabits : possible.filter(habit => habit.seen(change));
}
