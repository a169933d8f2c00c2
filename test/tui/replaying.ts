/** Replays as the process that plays tells them. */
import { afterLine, newReplay, type PlayedMessage, type ReplayFacts } from '../../src/tui/replay.ts';

const forth = { channel: 'main', dir: 'front-to-back', differences: [], notes: [] } as const;
const back = { ...forth, dir: 'back-to-front' } as const;

/** One of each result, about messages of `captures/fs.pcapng`. */
export const everyResult: readonly PlayedMessage[] = [
  { ...forth, result: 'said', n: 4, name: 'GET_FEATURES', text: 'GET_FEATURES', recorded: 'GET_FEATURES' },
  {
    ...{ ...back, result: 'different', n: 5, name: 'GET_FEATURES =' },
    text: 'GET_FEATURES = LOG_ALL|RING_INDIRECT_DESC|RING_EVENT_IDX|PROTOCOL_FEATURES|VERSION_1',
    recorded: 'GET_FEATURES = NOTIFY_ON_EMPTY|LOG_ALL|RING_INDIRECT_DESC|RING_EVENT_IDX|PROTOCOL_FEATURES|VERSION_1',
    differences: [{ path: 'payload.features.names', recorded: 'NOTIFY_ON_EMPTY', came: 'none' }],
  },
  {
    ...{ ...forth, result: 'said', n: 8, name: 'SET_PROTOCOL_FEATURES' },
    text: 'SET_PROTOCOL_FEATURES MQ|LOG_SHMFD|REPLY_ACK',
    recorded: 'SET_PROTOCOL_FEATURES MQ|LOG_SHMFD|REPLY_ACK|HOST_NOTIFIER',
    notes: ['features 0x80b -> 0xb: the others are not on offer'],
  },
  { ...back, result: 'same', n: 10, name: 'GET_QUEUE_NUM =', text: 'GET_QUEUE_NUM = 2', recorded: 'GET_QUEUE_NUM = 2' },
  { ...back, result: 'missing', n: 15, name: 'SET_BACKEND_REQ_FD =', text: 'SET_BACKEND_REQ_FD = ok' },
  {
    ...back,
    result: 'late',
    n: 18,
    name: 'GET_FEATURES =',
    text: 'GET_FEATURES = 0x0',
    recorded: 'GET_FEATURES = 0x0',
  },
  { ...forth, result: 'left-out', n: 28, name: 'ADD_MEM_REG', text: 'ADD_MEM_REG', notes: ['no memory could be made'] },
  {
    ...{ ...back, result: 'different', n: 45, name: 'GET_VRING_BASE =', text: 'GET_VRING_BASE = index=0 num=0' },
    recorded: 'GET_VRING_BASE = index=0 num=2',
    differences: [{ path: 'payload.num', recorded: '2', came: '0', because: 'no buffers went through the rings' }],
  },
  { ...back, result: 'extra', name: 'SET_VRING_ERR', text: 'SET_VRING_ERR index=0' },
];

/** A replay that has told these lines. */
export function replayOf(...lines: readonly object[]): ReplayFacts {
  const recording = { type: 'recording', pair: 'pair.front', session: 1, epoch: 1, messages: 43, omitted: [] };
  return [recording, ...lines].map(line => JSON.stringify(line)).reduce(afterLine, newReplay({ side: 'front-end' }));
}

/** The messages as lines. */
export const asLines = (played: readonly PlayedMessage[]): object[] => played.map(one => ({ type: 'message', ...one }));
