import { sideOf } from '../../decode/side.ts';
import { monotonicNs } from '../../sys/clock.ts';
import { isHungUp } from '../../sys/socket.ts';
import type { Flow } from '../flow.ts';
import type { Link } from '../link.ts';
import type { Course } from './course.ts';
import { fdChoiceText } from './fd-choice.ts';
import type { HeldMessage } from './orders.ts';
import { contextOf, type DeskSession, lineOf } from './seen.ts';
import { type Standstill, standstillBy } from './standstill.ts';

/** A message that is held. */
export interface Held {
  readonly course: Course;
  readonly session: DeskSession;
  readonly link: Link;
  readonly flow: Flow;
  readonly name: string;
  readonly rule: string;
  /** Monotonic nanoseconds. */
  readonly since: number;
  /** Milliseconds it is held at a time; Infinity for ever. */
  readonly spanMs: number;
  /** Milliseconds from then on until it goes on by itself; Infinity for ever. */
  ms: number;
  /** Who stands still because of it, since that was first seen. */
  standstill?: Standstill | undefined;
}

/** When it is looked who stands still, beside whenever somebody asks: milliseconds after a message was held. */
const looksMs: readonly number[] = [5, 50, 300];

/** Looks in the first moments of a hold who stands still: what the peer sends behind it comes in a moment. */
export function lookSoon(held: Held, isHeld: () => boolean, clock: Clock): void {
  for (const ms of looksMs) clock.after(ms, () => isHeld() && look(held));
}

/** Does something later. */
export interface Clock {
  after(milliseconds: number, action: () => void): unknown;
}

/** Looks who stands still because of a held message, unless that is known already. */
function look(held: Held): void {
  const { course, session, link, flow, since } = held;
  const { parcel } = course;
  if (parcel === undefined || held.standstill !== undefined) return;
  const otherWayNs = link.opposite(flow).cargo.receivedNs;
  held.standstill = standstillBy({ session, channel: link.channel, parcel, from: flow.from, otherWayNs, since });
}

/** A held message for viewers; `n` is the number of the event that tells of it. */
export function shownHold(n: number, held: Held): HeldMessage {
  const { course, session, link, flow, name, rule, since, ms } = held;
  const now = monotonicNs();
  const heldMs = (now - since) / 1e6;
  const { parting, parcel } = course;
  const gone = isHungUp(flow.from) ? sideOf(flow.direction === 1 ? 'front-to-back' : 'back-to-front') : undefined;
  look(held);
  // Who is gone waits for nothing.
  const standstill = held.standstill?.side === gone ? undefined : held.standstill;
  return {
    ...{ n, pair: session.setting.name, connection: session.connection, session: session.session },
    ...{ epoch: session.epoch, channel: link.channel, name, rule, heldMs: Math.round(heldMs) },
    direction: flow.direction === 1 ? 'front-to-back' : 'back-to-front',
    ...(Number.isFinite(ms) && { leftMs: Math.max(0, Math.round(ms - heldMs)) }),
    line: lineOf(session, link, flow, course),
    ...(parting !== undefined && { bytes: Uint8Array.from(parting.bytes) }),
    fds: parcel?.fds.identities ?? [],
    sends: (parting?.fds ?? []).map(fdChoiceText),
    ...(standstill !== undefined && {
      waits: {
        ...{ side: standstill.side, request: standstill.request },
        ms: Math.round((now - standstill.since) / 1e6),
      },
    }),
    ...(gone !== undefined && { gone }),
    context: contextOf(session, flow.direction),
  };
}
