/** What the relay records, apart from the messages themselves: what is shortened, masked, lost or went wrong. */
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/proxy/reports.ts';
import { frameKind } from '../../src/proxy/ring.ts';
import { close, Memory } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { kept, letGo } from '../sys/open-fds.ts';
import { aroundEachTest, connected, stand } from './one-connection.ts';
import { message, put, take, u64 } from './stand.ts';

aroundEachTest();

const createCryptoSession = 26;

describe('secrets', () => {
  const payload = Buffer.alloc(1072, 0xaa);
  payload.writeBigUInt64LE(2n, 0);

  it('keys are forwarded, but not recorded', () => {
    const { front, back } = connected();
    put(front, message(createCryptoSession, payload));
    stand.settle();
    expect(take(back).bytes).toEqual(message(createCryptoSession, payload));
    const [record] = stand.messages();
    expect(record?.header.masked).toBe(true);
    expect(record?.bytes.subarray(12 + 56, 12 + 56 + 64 + 512)).toEqual(Buffer.alloc(64 + 512));
    expect(record?.bytes.subarray(0, 12 + 16)).toEqual(message(createCryptoSession, payload).subarray(0, 28));
  });

  it('unless that is asked for', () => {
    const { front } = connected({ keepSecrets: true });
    put(front, message(createCryptoSession, payload));
    stand.settle();
    const [record] = stand.messages();
    expect(record?.header.masked).toBeUndefined();
    expect(record?.bytes).toEqual(message(createCryptoSession, payload));
  });
});

describe('pressure', () => {
  it('shortens first, then loses and says how many', () => {
    const { front, back } = connected({}, 1 << 19);
    const long = message(999, Buffer.alloc(20_000, 7));
    const sent = 150;
    for (let i = 0; i < sent; i++) {
      expect(put(front, long)).toBe(long.length);
      stand.settle();
      expect(take(back).bytes.length).toBe(long.length);
    }
    const kept = stand.messages();
    const lengths = kept.map(({ bytes, header }) => [bytes.length, header.snapped ?? false]);
    const whole = lengths.filter(([, snapped]) => !snapped).length;
    expect(whole).toBeGreaterThan(5);
    expect(lengths.slice(0, whole)).toEqual(new Array(whole).fill([long.length, false]));
    expect(lengths.slice(whole)).toEqual(new Array(kept.length - whole).fill([4096, true]));
    expect(kept.length).toBeGreaterThan(whole);
    expect(kept.length).toBeLessThan(sent);
    const lost = sent - kept.length;
    // Told at once, and that it is over as soon as there is room, even if nothing more comes.
    const told = (): Report[] => stand.reports.filter(({ type }) => type.startsWith('recording-'));
    expect(told()).toEqual([{ type: 'recording-behind' }]);
    stand.settle();
    expect(told()).toEqual([{ type: 'recording-behind' }, { type: 'recording-caught-up', lost }]);

    put(front, message(3));
    stand.settle();
    const { reader } = stand;
    const counts: number[] = [];
    while (reader.next()) if (reader.kind === frameKind.lost) counts.push(reader.view.getUint32(reader.bodyAt, true));
    reader.release();
    expect(counts).toEqual([lost]);
    put(front, message(3));
    stand.settle();
    expect(stand.messages()[0]?.header.n).toBe(stand.relay.recording.last);
  });
});

describe('long messages', () => {
  it('are recorded in pieces that continue each other', () => {
    const { front, back } = connected();
    const [mine, passed] = socketPair();
    kept(mine);
    put(front, message(33), [passed]);
    close(passed);
    stand.settle();
    const scratch = new Memory(16);
    receive(back, scratch.address, 12);
    const given = kept(arrival.fds[0] as number);
    const update = message(8, Buffer.from(Uint8Array.from({ length: 500_000 }, (_, i) => i * 7)), 0);
    for (let sent = 0; sent < update.length; ) {
      const result = put(given, update.subarray(sent));
      if (result > 0) sent += result;
      stand.settle();
      take(mine);
    }
    const pieces = stand.messages().filter(({ header }) => header.channel === 'gpu');
    expect(pieces.length).toBeGreaterThan(1);
    expect(new Set(pieces.map(({ header }) => header.n)).size).toBe(1);
    const whole = Buffer.alloc(update.length);
    for (const { header, bytes } of pieces) {
      expect(header.wireLength).toBe(update.length);
      whole.set(bytes, header.fragmentOffset ?? 0);
    }
    expect(whole.equals(update)).toBe(true);
  });
});

describe('what comes too late', () => {
  it('is recorded as not delivered', () => {
    const { front, back } = connected();
    put(front, message(1));
    stand.settle();
    put(back, message(1, u64(5), 5));
    letGo(front);
    // The front-end is gone before the answer is looked at.
    stand.relay.poller.turn(0);
    stand.settle();
    const records = stand.records();
    const closed = records.find(({ event }) => event?.event === 'closed')?.event;
    expect(closed).toMatchObject({ first: 'front-end', undelivered_bytes: 20 });
    const dropped = records.filter(({ header }) => header.sentBytes?.length === 0);
    expect(Buffer.concat(dropped.map(({ bytes }) => bytes))).toEqual(message(1, u64(5), 5));
  });
});

describe('mistakes of our own', () => {
  it('in recording a message do not reach it', () => {
    const { front, back } = connected();
    stand.relay.recording.add = () => {
      throw new Error('a mistake');
    };
    put(front, message(3));
    put(front, message(8, u64(1)));
    stand.settle();
    expect(take(back).bytes).toEqual(Buffer.concat([message(3), message(8, u64(1))]));
    expect(stand.reports.find(({ type }) => type === 'internal-error')).toMatchObject({
      message: expect.stringContaining('a mistake'),
    });
  });

  it('in handling a message leave its bytes whole: the connection goes on as raw', () => {
    const { front, back } = connected();
    stand.relay.numbers = () => {
      throw new Error('a mistake');
    };
    put(front, message(8, u64(1)));
    put(front, message(3));
    stand.settle();
    expect(take(back).bytes).toEqual(Buffer.concat([message(8, u64(1)), message(3)]));
    expect(stand.reports.find(({ type }) => type === 'raw')).toMatchObject({ reason: 'internal-error' });
  });
});

describe('several pairs', () => {
  it('are recorded under their own names, each with sessions of its own', () => {
    const { front } = connected();
    const second = stand.relay.addPair({ ...stand.pair.setting, name: 'other' });
    const [otherFront, a] = socketPair();
    const [otherBack, b] = socketPair();
    for (const fd of [otherFront, otherBack]) kept(fd);
    second.join(a, b);
    put(front, message(1));
    put(otherFront, message(1));
    stand.settle();
    const records = stand.messages();
    expect(records.map(({ header }) => `${header.session}.${header.epoch}`)).toEqual(['1.1', '1.1']);
    expect(new Set(records.map(({ interfaceNumber }) => interfaceNumber)).size).toBe(2);
  });
});
