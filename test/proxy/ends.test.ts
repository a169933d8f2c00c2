/** How the end of one side reaches the other. */
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { close, Memory } from '../../src/sys/libc.ts';
import { isHungUp, shutDown } from '../../src/sys/socket.ts';
import { message, put, Stand, take, u64 } from './stand.ts';

const _scratch = new Memory(128);
const open: number[] = [];
const kept = (fd: number): number => {
  open.push(fd);
  return fd;
};
let stand: Stand;
const _openFds = (): number => readdirSync('/proc/self/fd').length;
afterEach(() => {
  stand?.close();
  for (const fd of open.splice(0)) close(fd);
});
function connected(setting: ConstructorParameters<typeof Stand>[0] = {}): { front: number; back: number } {
  stand = new Stand(setting);
  const { front, back } = stand.connect();
  return { front: kept(front), back: kept(back) };
}

describe('ends', () => {
  it('a close reaches the other side, after everything that came before', () => {
    const { front, back } = connected();
    put(front, message(3));
    close(open.shift() as number);
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
    close(open.shift() as number);
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
    close(front);
    open.shift();
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
    close(open.pop() as number);
    put(front, message(2, u64(2)));
    stand.settle();
    expect(take(front).bytes.length).toBe(20);
  });

  it('a connection that says nothing is an event, not an epoch', () => {
    const { front } = connected();
    stand.settle();
    close(front);
    open.shift();
    stand.settle();
    const records = stand.records();
    expect(records.map(record => record.event)).toMatchObject([{ event: 'closed', spoke: false }]);
    expect(records[0]?.header).toMatchObject({ session: 0, epoch: 0 });
    const next = stand.connect();
    put(kept(next.front), message(3));
    kept(next.back);
    stand.settle();
    expect(stand.messages()[0]?.header).toMatchObject({ session: 1, epoch: 1 });
  });

  it('connections that follow are epochs, connections that overlap are sessions', () => {
    stand = new Stand();
    const numbers = (): string[] => stand.messages().map(({ header }) => `${header.session}.${header.epoch}`);
    const start = (): { front: number; back: number } => {
      const made = stand.connect();
      put(made.front, message(3));
      stand.settle();
      return made;
    };
    const end = ({ front, back }: { front: number; back: number }): void => {
      close(front);
      stand.settle();
      close(back);
    };
    const first = start();
    const second = start();
    end(first);
    const third = start();
    end(second);
    const fourth = start();
    end(fourth);
    end(third);
    end(start());
    expect(numbers()).toEqual(['1.1', '2.1', '1.2', '2.2', '1.3']);
  });
});
