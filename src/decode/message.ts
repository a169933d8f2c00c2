/** A recorded message understood: name, fields, and what does not fit. Pure and total. */
import { type Decoded, decodeStruct, noProblems, type Payload, type Problem, type Source } from './decode.ts';
import type { Channel, Context, Direction, Frame } from './frame.ts';
import { headerSize, isReply, protocolVersion, readU32, requester } from './header.ts';
import { type Kind, kindOf, undeclaredKind } from './kind.ts';
import type { FdRule, MessageSpec } from './message-spec.ts';
import type { Struct } from './schema.ts';
import { sideOf } from './side.ts';

/** A decoded message. */
export interface Message {
  channel: Channel;
  dir: Direction | undefined;
  id: number;
  /** Name of the specification without `VHOST_USER_`, or `UNKNOWN(n)`. */
  name: string;
  reply: boolean;
  needReply: boolean;
  version: number;
  /** Flag bits that have no meaning. */
  reserved: number;
  /** Payload bytes on the wire. */
  size: number;
  kind: Kind;
  spec: MessageSpec | undefined;
  /** The layout the payload was read with. */
  struct: Struct | undefined;
  /** Which of several layouts it is, where that has a name. */
  variant: string | undefined;
  fdRule: FdRule | undefined;
  payload: Payload;
  problems: readonly Problem[];
  /** Bytes that belong to no field. */
  rest: Uint8Array | undefined;
  /** The recorder kept less than was on the wire. */
  cut: boolean;
  /** Something the context did not tell was assumed. */
  assumed: boolean;
}

/** What must be known of a message besides its bytes. */
export interface Envelope {
  readonly channel: Channel;
  readonly dir: Direction | undefined;
  readonly context: Context;
  /** Bytes on the wire, header included; the length of the bytes where nothing was shortened. */
  readonly wireLength?: number;
  /** Descriptors that came with it. */
  readonly fdCount?: number | undefined;
}

/** Decodes a recorded message. Frames of other kinds have no header and must not be passed. */
export function decodeFrame(frame: Frame): Message {
  return decoded(frame.channel, frame.dir, frame.wireLength, sourceOf(frame));
}

/** Decodes the bytes of one message, header included. */
export function decodeMessage(bytes: Uint8Array, envelope: Envelope): Message {
  const { channel, dir, wireLength = bytes.length } = envelope;
  return decoded(channel, dir, wireLength, payloadSource(bytes, envelope));
}

function decoded(channel: Channel, dir: Direction | undefined, wireLength: number, source: Source): Message {
  const { bytes, bigEndian } = source;
  if (bytes.length < headerSize) return headless(channel, dir, wireLength, bytes);
  const id = readU32(bytes, 0, bigEndian);
  const flags = readU32(bytes, 4, bigEndian);
  const reply = isReply(channel, dir, flags);
  const kind = kindOf(channel, id, reply, source);
  const { spec, shape } = kind;
  const { payload, problems, rest, cut } = shape ? decodeStruct(shape.payload, source) : undecoded(source);
  return {
    channel,
    dir,
    id,
    name: spec?.name ?? `UNKNOWN(${id})`,
    reply,
    needReply: channel !== 'gpu' && (flags & 8) !== 0,
    version: flags & 3,
    reserved: channel === 'gpu' ? 0 : (flags & ~0xf) >>> 0,
    size: readU32(bytes, 8, bigEndian),
    kind,
    spec,
    struct: shape?.payload,
    variant: shape?.doc,
    fdRule: fdRuleOf(kind),
    payload,
    problems: framing(flags, channel, dir, reply, problems),
    rest,
    cut,
    assumed: source.assumed,
  };
}

/** The descriptors that are declared for a kind of message. */
export function fdRuleOf({ reply, shape, spec }: Kind): FdRule | undefined {
  return reply ? (shape && 'fds' in shape ? shape.fds : undefined) : spec?.fds;
}

/** The payload of a recorded message as something to decode, or to hold conditions against. */
export function sourceOf({ bytes, context, wireLength, fdCount, fds }: Frame): Source {
  return sourceFrom(bytes, context, wireLength, fdCount ?? fds.length);
}

/** The payload of a message as something to decode; the size on the wire follows from the header. */
export function payloadSource(bytes: Uint8Array, envelope: Omit<Envelope, 'dir'>): Source {
  return sourceFrom(bytes, envelope.context, envelope.wireLength ?? bytes.length, envelope.fdCount ?? 0);
}

function sourceFrom(bytes: Uint8Array, context: Context, wireLength: number, fdCount: number): Source {
  const bigEndian = context.bigEndian === true;
  return {
    bytes,
    start: headerSize,
    bigEndian,
    context,
    size: Math.max(0, wireLength - headerSize),
    fdCount,
    first: bytes.length >= headerSize + 4 ? readU32(bytes, headerSize, bigEndian) : 0,
    assumed: false,
  };
}

function undecoded(source: Source): Decoded {
  const rest = source.bytes.subarray(source.start);
  return {
    payload: {},
    problems: noProblems,
    cut: rest.length < source.size,
    rest: rest.length > 0 ? rest : undefined,
  };
}

function framing(
  flags: number,
  channel: Channel,
  dir: Direction | undefined,
  reply: boolean,
  problems: readonly Problem[],
): readonly Problem[] {
  const turned = dir !== undefined && reply === (dir === requester(channel));
  if (channel === 'gpu' || ((flags & 3) === protocolVersion && !turned)) return problems;
  const found: Problem[] = [];
  if ((flags & 3) !== protocolVersion) {
    found.push({ path: 'flags.version', offset: 4, message: `is ${flags & 3}, must be ${protocolVersion}` });
  }
  if (turned) {
    found.push({
      path: 'flags.reply',
      offset: 4,
      message: `${reply ? 'a reply' : 'a request'} from the ${sideOf(dir)}`,
    });
  }
  return [...found, ...problems];
}

/** A message that ended inside its header, or of which the recorder kept no more. */
function headless(channel: Channel, dir: Direction | undefined, wireLength: number, bytes: Uint8Array): Message {
  const message = `the header has ${headerSize} bytes, ${bytes.length} are there`;
  const cut = bytes.length < wireLength;
  return {
    channel,
    dir,
    id: 0,
    name: 'TRUNCATED',
    reply: false,
    needReply: false,
    version: 0,
    reserved: 0,
    size: 0,
    kind: undeclaredKind(channel, false),
    spec: undefined,
    struct: undefined,
    variant: undefined,
    fdRule: undefined,
    payload: {},
    problems: cut ? noProblems : [{ path: '', offset: bytes.length, message }],
    rest: bytes,
    cut,
    assumed: false,
  };
}
