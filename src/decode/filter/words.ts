/** Words that are tests by themselves. */
import { channels, type FrameKind } from '../frame.ts';
import { type Node, onHead } from './node.ts';

/** Names of events, as the capture has them. */
export const eventNames: readonly string[] = [
  'started',
  'stopped',
  'connected',
  'peer',
  'device',
  'closed',
  'unheard',
  'peer-exit',
  'front-end-exit',
  'interposed',
  'not-interposed',
  'fdinfo',
  'lost',
  'note',
  'queued',
  'back-end-absent',
  'held',
  'released',
  'edited',
  'tampered',
  'breakpoint',
  'unhold',
  'switched',
  'rules',
  'stop-asked',
];

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
