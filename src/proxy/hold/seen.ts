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
  /** What the front-end and the back-end know. */
  readonly contexts: readonly [Context, Context];
  readonly setting: { readonly name: string; readonly preserveSegments: boolean; readonly keepSecrets: boolean };
  /** Its channels. */
  readonly links: Iterable<Link>;
}

/** What the author of messages of a direction (1 front-to-back, 2 back-to-front) knows, in this machine's byte order. */
export function contextOf({ contexts }: DeskSession, direction: 1 | 2): Context {
  const context = contexts[direction - 1] as Context;
  return littleEndian ? context : { ...context, bigEndian: true };
}

/** What is known of a message beside its bytes. */
export function envelopeOf(session: DeskSession, link: Link, flow: Flow, fdCount: number): Envelope {
  const dir = flow.direction === 1 ? 'front-to-back' : 'back-to-front';
  return { channel: link.channel as Channel, dir, context: contextOf(session, flow.direction), fdCount };
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

/** A message on its way, as filters see it. What takes time to find out is found out when a filter asks for it. */
export class SeenFrame implements Frame {
  readonly n = 0;
  readonly kind = 'message';
  readonly wallNs = 0n;
  readonly sentNs = 0n;
  readonly pair: string;
  readonly channel: Channel;
  readonly dir: Direction;
  readonly session: number;
  readonly epoch: number;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly offset: number;
  readonly fdCount: number;
  readonly context: Context;
  readonly reply: boolean;
  declare readonly answers?: number;
  readonly #flow: Flow;
  #fds: FdIdentity[] | undefined;

  /** @param answers the number of the request that it answers, 0 for none */
  constructor(session: DeskSession, link: Link, flow: Flow, { bytes, envelope }: Passage, answers: number) {
    const { cargo } = flow;
    this.pair = session.setting.name;
    this.channel = link.channel;
    this.dir = envelope.dir as Direction;
    this.session = session.session;
    this.epoch = session.epoch;
    this.bytes = bytes;
    this.wireLength = bytes.length;
    this.offset = cargo.streamOffset;
    this.fdCount = cargo.fds.count;
    this.context = envelope.context;
    this.reply = isReply(link.channel, envelope.dir, cargo.flags);
    if (answers > 0) this.answers = answers;
    this.#flow = flow;
  }

  get receivedNs(): bigint {
    return BigInt(this.#flow.cargo.receivedNs);
  }

  get fds(): FdIdentity[] {
    this.#fds ??= this.#flow.cargo.fds.all.map(fd => inspect(fd).identity);
    return this.#fds;
  }
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
