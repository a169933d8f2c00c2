/** What the far side gets of a held message with descriptors that a person has treated: every order, in every place. */
import { beforeEach, describe, expect, it } from 'vitest';
import { armedRule } from '../../src/proxy/hold/rule.ts';
import {
  arrives,
  cases,
  from,
  got,
  leavingNothing,
  objects,
  type Place,
  record,
  recorded,
  send,
  stage,
  stand,
  to,
} from './places-stand.ts';
import { put, take } from './stand.ts';

const by = 'ann (ctl)';
const nothing = { bytes: Buffer.alloc(0), fds: [], end: 'open' };

/** Has the message held, and `other` wait behind it; its number. */
function heldWith(place: Place): number {
  const rule = armedRule({ name: 'b1', when: 'message', times: 1, do: [{ tamper: 'hold', settings: {} }] });
  stand.relay.ask('add-rule', { rule, by });
  send(place, place.other);
  expect(got(to)).toEqual(nothing);
  return stand.relay.ask('holds', {})[0]?.n as number;
}

const orders: Readonly<Record<string, (place: Place, n: number) => void>> = {
  release(place, n) {
    stand.relay.ask('release', { n, by });
    stand.settle();
    arrives(Buffer.concat([place.came, place.other]));
    recorded(place.came);
  },
  step({ came, other, answer }, n) {
    stand.relay.ask('step', { n, by });
    stand.settle();
    arrives(came);
    expect(stand.relay.ask('holds', {})).toMatchObject([{ rule: 'step' }]);
    stand.relay.ask('release', { by });
    put(to, answer ?? other);
    stand.settle();
    expect(got(to).bytes).toEqual(other);
    expect(got(from).bytes).toEqual(answer ?? other);
  },
  'edit a field'(place, n) {
    stand.relay.ask('edit', { n, by, change: { set: `${place.field}=7` } });
    stand.relay.ask('release', { n, by });
    stand.settle();
    arrives(Buffer.concat([place.set, place.other]));
    recorded(place.came, place.set);
  },
  'edit as a line'(place, n) {
    stand.relay.ask('edit', { n, by, change: { line: place.line } });
    stand.relay.ask('release', { n, by });
    stand.settle();
    arrives(Buffer.concat([place.other, place.other]));
    recorded(place.came, place.other);
  },
  'edit as bytes'(place, n) {
    stand.relay.ask('edit', { n, by, change: { hex: place.other.toString('hex') } });
    stand.relay.ask('release', { n, by });
    stand.settle();
    arrives(Buffer.concat([place.other, place.other]));
    recorded(place.came, place.other);
  },
  'edit descriptors'(_place, n) {
    stand.relay.ask('edit', { n, by, fds: [1, 1, { fresh: 'memfd', size: 4096 }, { fresh: 'null' }] });
    stand.relay.ask('release', { n, by });
    stand.settle();
    const [, b] = objects;
    const [[, ...came] = []] = got(to).fds;
    expect(came).toEqual([b, b, expect.stringMatching(/^memfd/), '/dev/null']);
    expect(objects).not.toContain(came[2]);
    expect(record().own?.header.sentFds?.map(({ kind }) => kind)).toEqual(['eventfd', 'eventfd', 'memfd', 'device']);
  },
  drop(place, n) {
    stand.relay.ask('drop', { n, by });
    stand.settle();
    expect(got(to)).toEqual({ ...nothing, bytes: place.other });
    recorded(place.came, Buffer.alloc(0));
  },
  answer({ came, other, answer }, n) {
    const order = () => stand.relay.ask('answer', { n, by, with: 'error' });
    if (answer === undefined) {
      expect(order).toThrow('it is a reply, nobody answers it');
      stand.relay.ask('release', { n, by });
      stand.settle();
      arrives(Buffer.concat([came, other]));
      return;
    }
    order();
    stand.settle();
    expect(got(from)).toEqual({ ...nothing, bytes: answer });
    expect(got(to)).toEqual({ ...nothing, bytes: other });
    recorded(came, Buffer.alloc(0));
  },
  close(place, n) {
    stand.relay.ask('close', { n, by });
    stand.settle();
    expect(got(to)).toEqual({ ...nothing, end: 'over' });
    expect(take(from).end).not.toBe('open');
    const { own, records } = record();
    expect(own?.bytes).toEqual(place.came);
    expect(records.at(-1)?.event).toMatchObject({ event: 'closed', first: 'proxy', channel: place.channel });
  },
  inject(place, n) {
    const { channel, dir: direction, line } = place;
    const change = { line };
    stand.relay.ask('inject', {
      ...{ change, channel, direction, keepReply: place.answer !== undefined, by },
      fds: [{ fresh: 'eventfd' }],
    });
    stand.settle();
    const seen = got(to);
    expect(seen.bytes).toEqual(place.other);
    expect(seen.fds).toEqual([[0, expect.stringMatching(/^eventfd/)]]);
    expect(objects).not.toContain(seen.fds[0]?.[1]);
    // Its reply does not reach the side that did not ask.
    if (place.answer !== undefined) {
      put(to, place.answer);
      stand.settle();
      expect(got(from)).toEqual(nothing);
    }
    stand.relay.ask('release', { n, by });
    stand.settle();
    arrives(Buffer.concat([place.came, place.other]));
  },
};

describe('every order', () => {
  leavingNothing();

  describe.each(cases)('on $name', place => {
    beforeEach(() => stage(place));

    it.each(Object.entries(orders))('%s', (_name, act) => act(place, heldWith(place)));
  });
});
