/** What a running engine would say, made from a recording: a message of it is held. */

import { readCapture } from '../../src/capture/reader.ts';
import type { HeldStatus, RuleStatus } from '../../src/control/messages.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { LineWriter } from '../../src/decode/text/line.ts';
import { type EngineFacts, newFacts } from '../../src/tui/engine.ts';

/** Record `n` of a capture as if it were held, as the record before it would tell. */
export function heldLike(path: string, n: number, more: Partial<HeldStatus> = {}): HeldStatus {
  const frame = [...readCapture(path)].find(each => each.n === n);
  if (frame?.dir === undefined) throw new Error(`${path} has no message ${n}`);
  const { channel, dir: direction, bytes, fds, pair, session, epoch, context } = frame;
  const line = new LineWriter();
  line.said(frame);
  const { features, protocolFeatures, device } = context;
  return {
    ...{ n: n - 1, pair, connection: 1, session, epoch, channel, direction, bytes, fds },
    ...{ name: decodeFrame(frame).name, rule: '--hold', heldMs: 4200, leftMs: 25_800 },
    line: line.out.textFrom(0),
    sends: fds.map((_, i) => String(i)),
    context: {
      ...(features !== undefined && { features: `0x${features.toString(16)}` }),
      ...(protocolFeatures !== undefined && { protocol_features: `0x${protocolFeatures.toString(16)}` }),
      ...(device !== undefined && { device }),
      front_end: 'qemu',
    },
    ...more,
  };
}

/** A breakpoint. */
export function ruleLike(name: string, when: string, more: Partial<RuleStatus> = {}): RuleStatus {
  const counts = { seen: 0, matched: 0, fired: 0, last: 'no such message yet' };
  return { name, when, does: ['held'], ...counts, breakpoint: true, off: false, limits: [], ...more };
}

/** An engine that holds something. */
export function holding(...held: readonly HeldStatus[]): EngineFacts {
  return {
    ...newFacts('vm1', false),
    held,
    rules: [
      ruleLike('one queue pair', '(GET_FEATURES and reply) or (SET_FEATURES and request)', {
        ...{ place: 'rules.yaml:2:5', does: ['without MQ'], breakpoint: false, seen: 3, matched: 2, fired: 2 },
        last: 'fired, but there was nothing to change',
      }),
      ruleLike('--hold', 'SET_FEATURES', { by: 'the command line', seen: 1, matched: 1, fired: 1, last: 'fired' }),
      ruleLike('b1', 'SET_VRING_KICK and request', {
        by: 'ann (tui, pid 4711)',
        limits: ['once'],
        off: true,
        last: 'rests',
      }),
    ],
    ruleFiles: ['/home/ann/rules.yaml'],
    readyRules: ['without-config', 'without-reply-ack'],
  };
}
