/** A message on its way, as filters, orders and viewers see it. */
import type { Channel, Context, Direction, FdIdentity, Frame } from '../../decode/frame.ts';
import { isReply } from '../../decode/header.ts';
import type { Envelope } from '../../decode/message.ts';
import { maskSecrets } from '../../decode/secrets.ts';
import { LineWriter } from '../../decode/text/line.ts';
import { inspect } from '../../sys/descriptor.ts';
import { littleEndian } from '../../sys/libc.ts';
import type { Flow } from '../flow.ts';
import type { Link } from '../link.ts';
import type { Course } from './course.ts';
import type { Passage } from './plan.ts';

/** A connection, as far as rules and orders are concerned. */
export interface DeskSession {
  readonly connection: number;
  readonly session: number;
  readonly epoch: number;
  readonly context: Context;
  readonly setting: { readonly name: string; readonly preserveSegments: boolean; readonly keepSecrets: boolean };
  /** Its channels. */
  readonly links: Iterable<Link>;
}

/** What is negotiated on a connection, in the byte order of this machine. */
export function contextOf(session: DeskSession): Context {
  return littleEndian ? session.context : { ...session.context, bigEndian: true };
}

/** What is known of a message beside its bytes. */
export function envelopeOf(session: DeskSession, link: Link, flow: Flow, fdCount: number): Envelope {
  const dir = flow.direction === 1 ? 'front-to-back' : 'back-to-front';
  return { channel: link.channel as Channel, dir, context: contextOf(session), fdCount };
}

/** A held message as a transcript line; empty where it is not going to be sent. */
export function lineOf(session: DeskSession, link: Link, flow: Flow, { parting, parcel }: Course): string {
  if (parting === undefined || parcel === undefined) return '';
  const { keepSecrets } = session.setting;
  const envelope = envelopeOf(session, link, flow, parcel.fds.count);
  const bytes = keepSecrets ? parting.bytes : (maskSecrets(parting.bytes, envelope) ?? parting.bytes);
  const writer = new LineWriter();
  writer.said({
    ...{ n: 0, kind: 'message', pair: session.setting.name, channel: link.channel, dir: envelope.dir as Direction },
    ...{ session: 0, epoch: 0, wallNs: 0n, receivedNs: 0n, sentNs: 0n, offset: 0, context: envelope.context },
    ...{ bytes, wireLength: bytes.length, fds: parcel.fds.identities, fdCount: parcel.fds.count },
  });
  return writer.out.textFrom(0);
}

/** A message as filters see it. Descriptors are looked at only if a filter asks for them. */
export function frameOf(
  session: DeskSession,
  link: Link,
  flow: Flow,
  bytes: Uint8Array,
  { envelope }: Passage,
  answers: number,
): Frame {
  let fds: FdIdentity[] | undefined;
  return {
    ...{ n: 0, kind: 'message', pair: session.setting.name, channel: link.channel, dir: envelope.dir as Direction },
    ...{
      session: session.session,
      epoch: session.epoch,
      wallNs: 0n,
      receivedNs: BigInt(flow.cargo.receivedNs),
      sentNs: 0n,
    },
    ...{ bytes, wireLength: bytes.length, offset: flow.cargo.streamOffset, fdCount: flow.cargo.fds.count },
    ...(isReply(link.channel, envelope.dir, flow.cargo.memory.u32[1] as number) && {
      reply: true,
      ...(answers > 0 && { answers }),
    }),
    context: envelope.context,
    get fds() {
      fds ??= flow.cargo.fds.all.map(fd => inspect(fd).identity);
      return fds;
    },
  };
}

/** The connection that somebody means: the only one there is of those they name. Throws for people. */
export function sessionFor(
  sessions: Iterable<DeskSession>,
  { pair, connection }: { pair?: string; connection?: number },
): DeskSession {
  const all = [...sessions].filter(
    each => (pair ?? each.setting.name) === each.setting.name && (connection ?? each.connection) === each.connection,
  );
  const [only] = all;
  if (only === undefined) throw new Error('there is no such connection at present');
  if (all.length > 1)
    throw new Error(
      `several connections, name one: ${all.map(each => `${each.setting.name} ${each.connection}`).join(', ')}`,
    );
  return only;
}
