/** A recorded message understood: name, fields, and what does not fit. Pure and total. */
import { messageSpec, replyShape, requestVariant } from './catalog.ts';
import { type Decoded, decodeStruct, noProblems, type Payload, type Problem, type Source } from './decode.ts';
import type { Channel, Context, Direction, Frame } from './frame.ts';
import { headerSize, isReply, protocolVersion, readHeader, readU32, requester } from './header.ts';
import type { FdRule, MessageSpec, ReplyShape, Struct } from './schema.ts';

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
  readonly fdCount?: number;
}

/** Decodes a recorded message. Frames of other kinds have no header and must not be passed. */
export function decodeFrame(frame: Frame): Message {
  return decodeMessage(frame.bytes, {
    channel: frame.channel,
    dir: frame.dir,
    context: frame.context,
    wireLength: frame.wireLength,
    fdCount: frame.fdCount ?? frame.fds.length,
  });
}

/** Decodes the bytes of one message, header included. */
export function decodeMessage(bytes: Uint8Array, envelope: Envelope): Message {
  const { channel, dir, context } = envelope;
  const bigEndian = context.bigEndian === true;
  const header = readHeader(bytes, 0, bigEndian);
  if (!header) return headless(bytes, envelope);
  const reply = isReply(channel, dir, header.flags);
  const source = payloadSource(bytes, envelope);
  const spec = messageSpec(channel, header.id, source);
  const shape: ReplyShape | undefined = spec && (reply ? replyShape(spec, source) : requestVariant(spec, source));
  const decoded = shape ? decodeStruct(shape.payload, source) : undecoded(source);
  return {
    channel,
    dir,
    id: header.id,
    name: spec?.name ?? `UNKNOWN(${header.id})`,
    reply,
    needReply: channel !== 'gpu' && (header.flags & 8) !== 0,
    version: header.flags & 3,
    reserved: channel === 'gpu' ? 0 : (header.flags & ~0xf) >>> 0,
    size: header.size,
    spec,
    struct: shape?.payload,
    variant: shape?.doc,
    fdRule: reply ? (shape && 'fds' in shape ? shape.fds : undefined) : spec?.fds,
    payload: decoded.payload,
    problems: framing(header.flags, channel, dir, reply, decoded.problems),
    rest: decoded.rest,
    cut: decoded.cut,
    assumed: source.assumed,
  };
}

/** The payload of a recorded message as something to decode, or to hold conditions against. */
export function sourceOf(frame: Frame): Source {
  const { channel, context, wireLength } = frame;
  return payloadSource(frame.bytes, { channel, context, wireLength, fdCount: frame.fdCount ?? frame.fds.length });
}

/** The payload of a message as something to decode; the size on the wire follows from the header. */
export function payloadSource(bytes: Uint8Array, envelope: Omit<Envelope, 'dir'>): Source {
  const bigEndian = envelope.context.bigEndian === true;
  const wire = envelope.wireLength ?? bytes.length;
  return {
    bytes,
    start: headerSize,
    bigEndian,
    context: envelope.context,
    size: Math.max(0, wire - headerSize),
    fdCount: envelope.fdCount ?? 0,
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
    const side = dir === 'front-to-back' ? 'front-end' : 'back-end';
    found.push({ path: 'flags.reply', offset: 4, message: `${reply ? 'a reply' : 'a request'} from the ${side}` });
  }
  return [...found, ...problems];
}

/** A message that ended inside its header, or of which the recorder kept no more. */
function headless(bytes: Uint8Array, envelope: Envelope): Message {
  const message = `the header has ${headerSize} bytes, ${bytes.length} are there`;
  const cut = bytes.length < (envelope.wireLength ?? 0);
  return {
    channel: envelope.channel,
    dir: envelope.dir,
    id: 0,
    name: 'TRUNCATED',
    reply: false,
    needReply: false,
    version: 0,
    reserved: 0,
    size: 0,
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
