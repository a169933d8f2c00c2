/**
 * From a trace to conversations: which socket of a process was the vhost-user connection, which were the two that are
 * passed over it, and what crossed each of them in each direction.
 */
import type { NamedFd } from '../../src/import/strace/descriptors.ts';
import { messages, type SocketEnd, type Trace, type TracedMessage } from './strace.ts';

/** The names of the channels, as records of a capture spell them. */
export type ChannelName = 'main' | 'backend-req' | 'gpu';

/** Which of the two peers a trace was taken of. */
export type Side = 'front-end' | 'back-end';

/** One channel of a connection, as one peer saw it. `rest` counts bytes after the last whole message. */
export interface TracedChannel {
  sent: TracedMessage[];
  received: TracedMessage[];
  rest: { sent: number; received: number };
  /** When the peer closed its end, seconds since 1970. */
  closed?: number;
}

/** One connection, from its first byte to its end, with the channels that were opened over it. */
export type Conversation = Partial<Record<ChannelName, TracedChannel>> & { main: TracedChannel };

/** Messages of the main channel that carry the socket of another one: SET_BACKEND_REQ_FD, GPU_SET_SOCKET. */
const opens = new Map<number, ChannelName>([
  [21, 'backend-req'],
  [33, 'gpu'],
]);

/** The connections a process made or accepted at `path` and used, in order. */
export function conversations(trace: Trace, path: string, side: Side): Conversation[] {
  return [...trace.ends.values()]
    .filter(end => end.path === path && end.sent.length + end.received.length > 0)
    .map(end => {
      const main = channelOf(end);
      const conversation: Conversation = { main };
      for (const message of side === 'front-end' ? main.sent : main.received) {
        const name = opens.get(message.id);
        const passed = message.fds[0];
        if (name === undefined || passed === undefined) continue;
        const used = trace.ends.get((side === 'front-end' ? otherEnd(passed, trace) : passed.inode) ?? -1);
        // A front-end may pass another socket in place of the first: both are this channel.
        if (used) conversation[name] = joined(conversation[name], channelOf(used));
      }
      return conversation;
    });
}

/** The front-end passes one end of a socket pair and keeps the other. */
function otherEnd(passed: NamedFd, trace: Trace): number | undefined {
  return passed.peer ?? trace.pairs.get(passed.inode ?? -1);
}

function joined(earlier: TracedChannel | undefined, later: TracedChannel): TracedChannel {
  if (!earlier) return later;
  const inTime = (one: TracedMessage[], other: TracedMessage[]) => [...one, ...other].sort((a, b) => a.time - b.time);
  return {
    ...later,
    sent: inTime(earlier.sent, later.sent),
    received: inTime(earlier.received, later.received),
    rest: {
      sent: earlier.rest.sent + later.rest.sent,
      received: earlier.rest.received + later.rest.received,
    },
  };
}

function channelOf(end: SocketEnd): TracedChannel {
  const sent = messages(end.sent);
  const received = messages(end.received);
  return {
    sent: sent.messages,
    received: received.messages,
    rest: { sent: sent.rest, received: received.rest },
    ...(end.closed === undefined ? {} : { closed: end.closed }),
  };
}
