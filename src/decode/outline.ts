/** A message as far as its header and its declaration tell, before any field is read. */
import { messageSpec, replyShape, requestVariant } from './catalog.ts';
import type { Source } from './decode.ts';
import type { Frame } from './frame.ts';
import { headerSize, isReply, readU32 } from './header.ts';
import type { MessageSpec } from './message-spec.ts';
import type { Struct } from './schema.ts';

/** What the header says, what is declared of it, and the payload as something to read. */
export interface Outline {
  id: number;
  /** The flags word as it stands in the header. */
  flags: number;
  /** Payload bytes as the header says. */
  size: number;
  reply: boolean;
  spec: MessageSpec | undefined;
  /** The layout of the payload, where one is declared. */
  struct: Struct | undefined;
  source: Source;
  /** Offset at which what was captured of the payload ends. */
  end: number;
}

/** The outline of a message; undefined where it ends inside its header. */
export function outlineOf(frame: Frame): Outline | undefined {
  const { bytes, channel, context } = frame;
  if (bytes.length < headerSize) return undefined;
  const bigEndian = context.bigEndian === true;
  const id = readU32(bytes, 0, bigEndian);
  const flags = readU32(bytes, 4, bigEndian);
  const reply = isReply(channel, frame.dir, flags);
  const source: Source = {
    bytes,
    start: headerSize,
    bigEndian,
    context,
    // A damaged record may have more bytes than it says were on the wire: none of them is left out.
    size: Math.max(frame.wireLength, bytes.length) - headerSize,
    fdCount: frame.fdCount ?? frame.fds.length,
    first: bytes.length >= headerSize + 4 ? readU32(bytes, headerSize, bigEndian) : 0,
    assumed: false,
  };
  const spec = messageSpec(channel, id, source);
  const struct = spec && (reply ? replyShape(spec, source) : requestVariant(spec, source)).payload;
  const end = Math.min(headerSize + source.size, bytes.length);
  return { id, flags, size: readU32(bytes, 8, bigEndian), reply, spec, struct, source, end };
}
