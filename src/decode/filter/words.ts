/** Words that are tests by themselves. */
import { channels, type FrameKind } from '../frame.ts';
import { events } from '../spec/events.ts';
import { type Node, onHead } from './node.ts';

/** Words that mean something else than the event of that name: a kind of record, marks of messages. */
const taken: readonly string[] = ['raw', 'dropped', 'injected'];

/** Names of events that can be asked for by their name alone. */
export const eventNames: readonly string[] = Object.keys(events).filter(name => !taken.includes(name));

const ofKind = (kind: FrameKind): Node => onHead(head => head.kind === kind);

/** Tests by their word. */
export const words: { readonly [word: string]: Node } = {
  message: ofKind('message'),
  event: ofKind('event'),
  finding: ofKind('finding'),
  raw: ofKind('raw'),
  request: onHead(head => head.kind === 'message' && !head.reply),
  reply: onHead(head => head.kind === 'message' && head.reply),
  'front-to-back': onHead(head => head.dir === 'front-to-back'),
  'back-to-front': onHead(head => head.dir === 'back-to-front'),
  ...Object.fromEntries(channels.map(channel => [channel, onHead(head => head.channel === channel)])),
};
