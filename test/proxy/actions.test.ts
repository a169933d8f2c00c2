/** What the far side gets of a message with descriptors that a rule has treated: every action, in every place. */
import { beforeEach, describe, expect, it } from 'vitest';
import { armedRule, type Rule } from '../../src/proxy/hold/rule.ts';
import { tampers } from '../../src/proxy/tamper/index.ts';
import {
  arrives,
  cases,
  from,
  got,
  leavingNothing,
  objects,
  type Place,
  places,
  record,
  recorded,
  send,
  senderCloses,
  stage,
  stand,
  to,
} from './places-stand.ts';
import { message, put, take, u64 } from './stand.ts';

/** Puts rules in force that do something to the message `came`. */
function rule(name: string, settings: unknown, more: Partial<Rule> = {}): void {
  const action = { tamper: name, settings: tampers[name]?.settings.parse(settings) };
  stand.relay.ask('set-rules', { rules: [armedRule({ name, when: 'message', times: 1, do: [action], ...more })] });
}

/** Every action, and what comes of it in a place. */
const actions: Readonly<Record<string, (place: Place) => void>> = {
  set(place) {
    rule('set', { [place.field]: 7 });
    send(place);
    arrives(place.set);
    recorded(place.came, place.set);
  },
  replace(place) {
    rule('replace', place.line);
    send(place);
    arrives(place.other);
    recorded(place.came, place.other);
  },
  payload(place) {
    rule('payload', '0102');
    const sent = Buffer.concat([place.came.subarray(0, 12), Buffer.from([1, 2])]);
    sent.writeUInt32LE(2, 8);
    send(place);
    arrives(sent);
    recorded(place.came, sent);
  },
  fds(place) {
    rule('fds', [1, 0, 1, 'memfd:4K', 'eventfd', 'null']);
    send(place);
    const seen = got(to);
    const [a, b] = objects;
    expect(seen.bytes).toEqual(place.came);
    expect(seen.fds).toEqual([
      [0, b, a, b, expect.stringMatching(/^memfd/), expect.stringMatching(/^eventfd/), '/dev/null'],
    ]);
    const [[, ...came] = []] = seen.fds;
    expect(new Set(came).size).toBe(5);
    const kinds = record().own?.header.sentFds?.map(({ kind }) => kind);
    expect(kinds).toEqual(['eventfd', 'memfd', 'eventfd', 'memfd', 'eventfd', 'device']);
  },
  corrupt(place) {
    rule('corrupt', { bytes: 3 }, { seed: 5 });
    send(place);
    const seen = got(to);
    expect(seen.fds).toEqual([[0, ...objects]]);
    expect(seen.bytes).toHaveLength(place.came.length);
    expect(seen.bytes.subarray(0, 12)).toEqual(place.came.subarray(0, 12));
    expect(seen.bytes).not.toEqual(place.came);
    recorded(place.came, seen.bytes);
  },
  split(place) {
    rule('split', { at: [5, 14], pause_ms: 5 });
    send(place);
    expect(got(to)).toEqual({ bytes: place.came.subarray(0, 5), fds: [[0, ...objects]], end: 'open' });
    const rest: Buffer[] = [];
    while (Buffer.concat(rest).length < place.came.length - 5) {
      stand.relay.turn(20);
      const { bytes, fds: more } = got(to);
      expect(more).toEqual([]);
      if (bytes.length > 0) rest.push(bytes);
    }
    expect(rest).toEqual([place.came.subarray(5, 14), place.came.subarray(14)]);
    recorded(place.came);
  },
  delay(place) {
    rule('delay', { ms: 10, jitter: 10 });
    send(place, place.other);
    expect(got(to).bytes).toHaveLength(0);
    const seen: ReturnType<typeof got>[] = [];
    const both = Buffer.concat([place.came, place.other]);
    while (Buffer.concat(seen.map(({ bytes }) => bytes)).length < both.length) {
      stand.relay.turn(20);
      seen.push(got(to));
    }
    expect(Buffer.concat(seen.map(({ bytes }) => bytes))).toEqual(both);
    expect(seen.flatMap(each => each.fds)).toEqual([[0, ...objects]]);
    expect(Number(record().own?.header.heldNs)).toBeGreaterThanOrEqual(10e6);
  },
  hold(place) {
    rule('hold', true);
    send(place, place.other);
    expect(got(to).bytes).toHaveLength(0);
    expect(stand.relay.ask('holds', {})).toMatchObject([{ channel: place.channel, direction: place.dir }]);
    stand.relay.ask('release', { by: 'ann' });
    stand.settle();
    expect(got(to)).toEqual({ bytes: Buffer.concat([place.came, place.other]), fds: [[0, ...objects]], end: 'open' });
  },
  drop(place) {
    rule('drop', true);
    send(place, place.other);
    expect(got(to)).toEqual({ bytes: place.other, fds: [], end: 'open' });
    recorded(place.came, Buffer.alloc(0));
  },
  duplicate(place) {
    rule('duplicate', { times: 2 });
    send(place, place.other);
    const { came, other } = place;
    const seen = got(to);
    expect(seen.bytes).toEqual(Buffer.concat([came, came, came, other]));
    expect(seen.fds.map(([, ...each]) => each)).toEqual([objects, objects, objects]);
    // They come with the read that has their byte in it, which may have begun in the message before.
    for (const [i, [at]] of seen.fds.entries()) expect(Math.ceil(at / came.length)).toBe(i);
  },
  answer(place) {
    rule('answer', 'error');
    send(place, place.other);
    if (place.answer === undefined) {
      expect(stand.relay.ask('rules', {})[0]?.last).toBe('could not be done: it is a reply, nobody answers it');
      expect(got(to)).toMatchObject({ bytes: Buffer.concat([place.came, place.other]), fds: [[0, ...objects]] });
      return;
    }
    expect(got(to)).toEqual({ bytes: place.other, fds: [], end: 'open' });
    expect(got(from)).toEqual({ bytes: place.answer, fds: [], end: 'open' });
    recorded(place.came, Buffer.alloc(0));
  },
  inject(place) {
    rule('inject', { message: place.line, where: 'before', fds: 'memfd:4K' });
    send(place);
    const seen = got(to);
    expect(seen.bytes).toEqual(Buffer.concat([place.other, place.came]));
    const [[, fresh] = []] = seen.fds;
    expect(fresh).toMatch(/^memfd/);
    expect(objects).not.toContain(fresh);
    expect(seen.fds[1]).toEqual([place.other.length, ...objects]);
  },
  'stop-reading'(place) {
    rule('stop-reading', true);
    send(place, place.other);
    arrives(place.came);
    put(to, place.answer ?? place.other);
    stand.settle();
    expect(got(from).bytes.length).toBeGreaterThan(0);
    senderCloses();
    stand.settle();
    expect(got(to)).toEqual({ bytes: Buffer.alloc(0), fds: [], end: 'over' });
  },
  close(place) {
    rule('close', 'after');
    send(place, place.other);
    expect(got(to)).toEqual({ bytes: place.came, fds: [[0, ...objects]], end: 'over' });
    expect(take(from).end).not.toBe('open');
    expect(record().events.at(-1)).toBe('closed');
  },
  note(place) {
    rule('note', 'look here');
    send(place);
    arrives(place.came);
    const { own, records } = record();
    const note = records.find(({ event }) => event?.event === 'note')?.event;
    expect(note).toMatchObject({ text: 'look here', of: own?.header.n });
  },
};

it('every action is tried here', () => {
  expect([...Object.keys(actions), 'mask', 'force'].sort()).toEqual(Object.keys(tampers).sort());
});

describe('every action', () => {
  leavingNothing();

  describe.each(cases)('on $name', place => {
    beforeEach(() => stage(place));

    it.each(Object.entries(actions))('%s', (_name, act) => act(place));

    it('close before it', () => {
      rule('close', 'before');
      send(place, place.other);
      expect(got(to)).toEqual({ bytes: Buffer.alloc(0), fds: [], end: 'over' });
      recorded(place.came, Buffer.alloc(0));
    });
  });

  /** Masks are those of the main channel; descriptors do not belong to them, and stay with them all the same. */
  describe.each([
    [2, 'front-to-back', 1],
    [1, 'back-to-front', 5],
    [16, 'front-to-back', 1],
    [15, 'back-to-front', 5],
  ] as const)('on message %i %s', (id, dir, flags) => {
    const mask = id < 15 ? 'virtio' : 'protocol';

    it.each([
      ['mask', 0b1000n],
      ['force', 0b1011n],
    ] as const)('%s, with and without segments preserved', (name, wanted) => {
      for (const preserveSegments of [false, true]) {
        const came = message(id, u64(0b1010n), flags);
        const place = { ...(places[0] as Place), channel: 'main', dir, came, preserveSegments } as const;
        stage(place);
        rule(name, { [mask]: name === 'mask' ? [1] : [0] });
        send(place);
        arrives(message(id, u64(wanted), flags));
        recorded(came, message(id, u64(wanted), flags));
        if (!preserveSegments) stand.close();
      }
    });
  });
});
