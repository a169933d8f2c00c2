/**
 * Kinds of message: what a message is before any of its fields is read. There are a few hundred of them however many
 * messages a recording has, so what follows from the kind alone (which rules may fire, what changes, which habits show)
 * is worked out once for each.
 */
import { messageSpec, replyShape, requestVariant } from './catalog.ts';
import type { Facts } from './condition.ts';
import type { Channel } from './frame.ts';
import type { MessageSpec, ReplyShape, Variant } from './message-spec.ts';

/** One kind: a message of a channel, asked or answered, in one of its layouts. */
export interface Kind {
  /** Its place among all kinds that were met. */
  readonly at: number;
  readonly channel: Channel;
  /** Absent on what nobody has declared: all of it is one kind. */
  readonly spec: MessageSpec | undefined;
  readonly reply: boolean;
  readonly shape: Variant | ReplyShape | undefined;
}

let met = 0;

const kindsOf = new WeakMap<MessageSpec, Kind[]>();

const undeclared = (channel: Channel): { readonly [side in 'request' | 'reply']: Kind } => ({
  request: { at: met++, channel, spec: undefined, reply: false, shape: undefined },
  reply: { at: met++, channel, spec: undefined, reply: true, shape: undefined },
});
const undeclaredOf: { readonly [channel in Channel]: ReturnType<typeof undeclared> } = {
  main: undeclared('main'),
  'backend-req': undeclared('backend-req'),
  gpu: undeclared('gpu'),
};

/** The kind of what nobody has declared, or of what ends inside its header. */
export function undeclaredKind(channel: Channel, reply: boolean): Kind {
  return undeclaredOf[channel][reply ? 'reply' : 'request'];
}

/** The kind of a message: its declaration by number, and the layout that applies. */
export function kindOf(channel: Channel, id: number, reply: boolean, facts: Facts): Kind {
  const spec = messageSpec(channel, id, facts);
  if (spec === undefined) return undeclaredKind(channel, reply);
  const shape = reply ? replyShape(spec, facts) : requestVariant(spec, facts);
  let kinds = kindsOf.get(spec);
  if (kinds === undefined) {
    kinds = [];
    kindsOf.set(spec, kinds);
  }
  for (const kind of kinds) if (kind.shape === shape && kind.reply === reply) return kind;
  const kind: Kind = { at: met++, channel, spec, reply, shape };
  kinds.push(kind);
  return kind;
}

/** What follows from a kind alone, worked out when it is first asked for. */
export function perKind<T>(derive: (kind: Kind) => T): (kind: Kind) => T {
  const known: T[] = [];
  return kind => {
    let one = known[kind.at];
    if (one === undefined) {
      one = derive(kind);
      known[kind.at] = one;
    }
    return one;
  };
}
