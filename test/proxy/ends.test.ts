/** How the end of one side reaches the other. */
import { describe, expect, it } from 'vitest';
import { isHungUp, shutDown } from '../../src/sys/socket.ts';
import { letGo } from '../sys/open-fds.ts';
import { again, aroundEachTest, connected, type Ends, stand } from './one-connection.ts';
import { message, put, take, u64 } from './stand.ts';

aroundEachTest();

describe('ends', () => {
  it('a close reaches the other side, after everything that came before', () => {
    const { front, back } = connected();
    put(front, message(3));
    letGo(front);
    stand.settle();
    expect(take(back)).toEqual({ bytes: message(3), fds: [], end: 'eof' });
    expect(isHungUp(back)).toBe(true);
    const closed = stand.records().find(record => record.event?.event === 'closed')?.event;
    expect(closed).toMatchObject({ how: 'eof', first: 'front-end', undelivered_bytes: 0, delivered: 'exact' });
  });

  it('a half-close leaves the other direction open', () => {
    const { front, back } = connected();
    put(front, message(3));
    shutDown(front, 'write');
    stand.settle();
    expect(take(back).end).toBe('eof');
    expect(isHungUp(back)).toBe(false);
    put(back, message(1, u64(1), 5));
    stand.settle();
    expect(take(front).bytes.length).toBe(20);
    letGo(front);
    stand.settle();
    expect(isHungUp(back)).toBe(true);
    expect(stand.reports.find(report => report.type === 'closed')).toMatchObject({
      how: 'shutdown',
      first: 'front-end',
    });
  });

  it('a reset with bytes unread on both sides is a reset on both sides', () => {
    const { front, back } = connected();
    put(front, message(3));
    stand.settle();
    put(back, message(1, u64(1), 5));
    letGo(front);
    stand.settle();
    take(back);
    expect(stand.reports.find(report => report.type === 'closed')).toMatchObject({
      first: 'front-end',
      undelivered_bytes: 20,
    });
  });

  it('what one side said before it went still reaches the other', () => {
    const { front, back } = connected();
    put(back, message(1, u64(1), 5));
    letGo(back);
    put(front, message(2, u64(2)));
    stand.settle();
    expect(take(front).bytes.length).toBe(20);
  });

  it('a connection that says nothing is an event, not an epoch', () => {
    const { front } = connected();
    stand.settle();
    letGo(front);
    stand.settle();
    const records = stand.records();
    expect(records.map(record => record.event)).toMatchObject([{ event: 'closed', spoke: false }]);
    expect(records[0]?.header).toMatchObject({ session: 0, epoch: 0 });
    put(again().front, message(3));
    stand.settle();
    expect(stand.messages()[0]?.header).toMatchObject({ session: 1, epoch: 1 });
  });

  it('connections that follow are epochs, connections that overlap are sessions', () => {
    const numbers = (): string[] => stand.messages().map(({ header }) => `${header.session}.${header.epoch}`);
    const spoken = (ends: Ends): Ends => {
      put(ends.front, message(3));
      stand.settle();
      return ends;
    };
    const end = ({ front, back }: Ends): void => {
      letGo(front);
      stand.settle();
      letGo(back);
    };
    const first = spoken(connected());
    const second = spoken(again());
    end(first);
    const third = spoken(again());
    end(second);
    const fourth = spoken(again());
    end(fourth);
    end(third);
    end(spoken(again()));
    expect(numbers()).toEqual(['1.1', '2.1', '1.2', '2.2', '1.3']);
  });
});
