/**
 * Payload sizes and descriptors, derived from the declaration: what a message should look like is said there, so one
 * rule serves for all of them. Spec section "Message payload" and the descriptions of the messages.
 */
import { holds } from '../../condition.ts';
import type { Payload } from '../../decode.ts';
import { fdRuleOf, sourceOf } from '../../message.ts';
import type { FdRule } from '../../message-spec.ts';
import type { Found, Rule, Step } from '../rule.ts';

/** How many descriptors a message should carry: the fewest and the most. */
function expectedFds(rule: FdRule | undefined, step: Step): readonly [fewest: number, most: number] {
  if (!rule) return [0, 0];
  const { payload } = step.message;
  const { count } = rule;
  switch (count[0]) {
    case 'none':
      return [0, 0];
    case 'exactly':
      return [count[1], count[1]];
    case 'up-to':
      return [0, count[1]];
    case 'per': {
      const entries = payload[count[1]];
      const length = Array.isArray(entries) ? entries.length : 0;
      return [length, length];
    }
    case 'unless':
      return payload[count[1]] === true ? [0, 0] : [1, 1];
    case 'if':
      return isZero(payload, count[1]) ? [0, 0] : [1, 1];
    case 'when': {
      return holds(count[1], sourceOf(step.frame)) ? [count[2], count[2]] : [0, count[2]];
    }
  }
}

function isZero(payload: Payload, field: string): boolean {
  return payload[field] === undefined || payload[field] === 0;
}

/** Problems of a message are derived findings: the decoder knows where and why. */
function sizeProblems({ message }: Step): readonly Found[] | undefined {
  if (message.problems.length === 0) return undefined;
  return message.problems
    .filter(problem => !problem.path.startsWith('flags.'))
    .map(problem => `${message.name}${problem.path === '' ? '' : ` ${problem.path}`}: ${problem.message}`);
}

/** Rules about payloads and descriptors that the declaration implies. */
export const payload: readonly Rule[] = [
  {
    id: 'SIZ-01',
    name: 'payload-size',
    severity: 'error',
    condition: 'the payload ends before its last field or goes on after it',
    spec: 'Message payload, and the description of each message',
    remedy: 'send exactly the declared layout',
    offenders: 'QEMU before 5.2 (ADD_MEM_REG 4 bytes short); Linux UML (SET_MEM_TABLE always 72 bytes)',
    confidence: 'spec',
    on: 'messages',
    check: sizeProblems,
  },
  {
    id: 'FRM-03',
    name: 'reply-flag',
    severity: 'error',
    condition: 'a reply from the side that asks, or a request from the side that answers',
    spec: 'Message Specification / Header',
    remedy: 'set the reply flag on replies and only there',
    confidence: 'spec',
    on: 'messages',
    check: ({ message }) => {
      const wrong = message.problems.find(problem => problem.path === 'flags.reply');
      return wrong ? `${message.name} is ${wrong.message}` : undefined;
    },
  },
  {
    id: 'FD-01',
    name: 'descriptor-count',
    severity: 'error',
    condition: 'more or fewer descriptors than the message declares, where the kernel lost none',
    spec: 'Communication, and the description of each message',
    remedy: 'send the declared descriptors with the first byte of the message',
    confidence: 'spec',
    on: 'messages',
    only: ({ spec }) => spec !== undefined,
    check: step => {
      const { frame, message } = step;
      if (frame.ctrunc) return undefined;
      const [fewest, most] = expectedFds(message.fdRule, step);
      const count = frame.fdCount ?? frame.fds.length;
      if (count >= fewest && count <= most) return undefined;
      const expected = fewest === most ? String(most) : `${fewest} to ${most}`;
      return `${message.name}${message.reply ? ' reply' : ''} carries ${count} descriptors, expected ${expected}`;
    },
  },
  {
    id: 'FD-11',
    name: 'descriptor-kind',
    severity: 'warning',
    condition: 'a descriptor is of another kind than the message declares, as far as its kind is known',
    spec: 'the description of each message',
    remedy: 'send a descriptor of the declared kind',
    offenders: 'Linux UML passes pipes for sockets and eventfds',
    confidence: 'inferred',
    on: 'messages',
    only: kind => fdRuleOf(kind)?.kinds !== undefined,
    check: ({ frame, message }) => {
      const kinds = message.fdRule?.kinds ?? [];
      const odd = frame.fds.find(fd => fd.kind !== 'unknown' && !kinds.includes(fd.kind));
      return odd ? `${message.name} carries a ${odd.kind}, expected ${kinds.join(' or ')}` : undefined;
    },
  },
];
