import { fstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Epoll, readiness } from '../../src/sys/epoll.ts';
import { clearEventFd, createEventFd, signalEventFd } from '../../src/sys/event-fd.ts';
import { errno, fcntl, Memory, memfdCreate } from '../../src/sys/libc.ts';
import {
  type Address,
  acceptFrom,
  bindTo,
  connectTo,
  isHungUp,
  openSocket,
  peerCredentials,
  shutDown,
  socketNature,
  socketPair,
  startListening,
  unreadBytes,
} from '../../src/sys/socket.ts';
import {
  arrival,
  fdsAhead,
  metDescriptors,
  mostAtOnce,
  mostFds,
  peekBytes,
  putEach,
  receive,
  send,
  sendEach,
  sentOfEach,
  takeSeen,
} from '../../src/sys/transfer.ts';
import { kept, letGo, letGoOfAll } from './open-fds.ts';

const buffer = new Memory(65_536);
afterEach(letGoOfAll);
function pair(): [number, number] {
  const [a, b] = socketPair();
  return [kept(a), kept(b)];
}

describe('bytes and descriptors', () => {
  it('cross a socket together', () => {
    const [a, b] = pair();
    const memory = kept(memfdCreate('x', 1));
    buffer.bytes.write('hello');
    expect(send(a, buffer.address, 5, [memory, memory])).toBe(5);
    buffer.bytes.fill(0);
    expect(receive(b, buffer.address, 100)).toBe(5);
    expect(buffer.bytes.toString('utf8', 0, 5)).toBe('hello');
    expect(arrival.truncated).toBe(false);
    expect(arrival.fds.map(fd => fstatSync(kept(fd)).ino)).toEqual([fstatSync(memory).ino, fstatSync(memory).ino]);
    expect(receive(b, buffer.address, 100)).toBe(-errno.EAGAIN);
    expect(arrival.fds).toEqual([]);
  });

  it('up to 253 descriptors fit, 254 do not', () => {
    const [a, b] = pair();
    const memory = kept(memfdCreate('x', 1));
    expect(send(a, buffer.address, 1, new Array(mostFds + 1).fill(memory))).toBe(-errno.EINVAL);
    expect(send(a, buffer.address, 1, new Array(mostFds).fill(memory))).toBe(1);
    expect(receive(b, buffer.address, 1)).toBe(1);
    for (const fd of arrival.fds) kept(fd);
    expect(arrival.fds.length).toBe(mostFds);
  });

  it('a look shows what lies ahead without taking it, and whether descriptors are with it', () => {
    const [a, b] = pair();
    const memory = kept(memfdCreate('x', 1));
    buffer.bytes.write('onetwo');
    send(a, buffer.address, 3, []);
    expect(peekBytes(b, buffer.address + 100, 100)).toBe(3);
    expect(metDescriptors()).toBe(false);
    send(a, buffer.address + 3, 3, [memory]);
    expect(peekBytes(b, buffer.address + 100, 100)).toBe(6);
    expect(metDescriptors()).toBe(true);
    takeSeen(b, buffer.address + 200, 3);
    expect(buffer.bytes.toString('utf8', 200, 203)).toBe('one');
    expect(fdsAhead(b, buffer.address, 1)).toBe(1);
    expect(receive(b, buffer.address, 100)).toBe(3);
    expect(arrival.fds.map(kept)).toHaveLength(1);
    expect(peekBytes(b, buffer.address, 1)).toBe(-errno.EAGAIN);
  });

  it('many messages go with one call, as far as the other end has room', () => {
    const [a, b] = pair();
    const size = 1000;
    for (let i = 0; i < mostAtOnce; i++) putEach(i, buffer.address + i, size);
    let sent = 0;
    for (let count: number; ; sent += count) {
      count = sendEach(a, mostAtOnce);
      if (count < 0) {
        expect(count).toBe(-errno.EAGAIN);
        break;
      }
      for (let i = 0; i < count; i++) expect(sentOfEach(i)).toBe(size);
      if (count < mostAtOnce) expect(sendEach(a, 1)).toBe(-errno.EAGAIN);
    }
    expect(unreadBytes(b)).toBe(sent * size);
    letGo(b);
    expect([sendEach(a, 1), sendEach(a, 2)]).toEqual([-errno.EPIPE, -errno.EPIPE]);
  });

  it('one that is sent alone is told of in the same way, also where the other end has room for a part of it only', () => {
    const [a, b] = pair();
    buffer.bytes.write('alone');
    putEach(0, buffer.address, 5);
    putEach(1, buffer.address, 3);
    expect([sendEach(a, 1), sentOfEach(0), unreadBytes(b)]).toEqual([1, 5, 5]);
    const large = new Memory(1 << 22);
    putEach(0, large.address, large.bytes.length);
    expect(sendEach(a, 1)).toBe(1);
    const sent = sentOfEach(0);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(large.bytes.length);
    expect(unreadBytes(b)).toBe(5 + sent);
  });

  it('keeps what it receives from programs that are started', () => {
    const [a, b] = pair();
    send(a, buffer.address, 1, [kept(memfdCreate('x', 1))]);
    expect(receive(b, buffer.address, 1)).toBe(1);
    const [getDescriptorFlags, closeOnExec] = [1, 1];
    expect(fcntl(kept(arrival.fds[0] as number), getDescriptorFlags, 0)).toBe(closeOnExec);
  });

  it('tells the end, a reset and a broken pipe apart', () => {
    const [a, b] = pair();
    send(b, buffer.address, 3, []);
    letGo(b);
    expect(isHungUp(a)).toBe(true);
    expect(unreadBytes(a)).toBe(3);
    expect(receive(a, buffer.address, 10)).toBe(3);
    expect(receive(a, buffer.address, 10)).toBe(0);
    expect(send(a, buffer.address, 1, [])).toBe(-errno.EPIPE);

    const [c, d] = pair();
    send(c, buffer.address, 3, []);
    letGo(d);
    expect(receive(c, buffer.address, 10)).toBe(-errno.ECONNRESET);
  });

  it('a half-closed connection is not hung up', () => {
    const [a, b] = pair();
    shutDown(b, 'write');
    expect(receive(a, buffer.address, 10)).toBe(0);
    expect(isHungUp(a)).toBe(false);
    expect(send(a, buffer.address, 1, [])).toBe(1);
  });
});

describe('sockets by address', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-socket-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const addresses: [string, Address][] = [
    ['a path', { path: join(folder, 's') }],
    ['an abstract name', { abstract: `vhuscope-test-${process.pid}` }],
  ];

  it.each(addresses)('listen and connect by %s', (_, address) => {
    const listener = kept(openSocket());
    bindTo(listener, address);
    const caller = kept(openSocket());
    expect(connectTo(caller, address)).toBe(-errno.ECONNREFUSED);
    startListening(listener);
    expect(socketNature(listener)).toBe('listener');
    expect(connectTo(caller, address)).toBe(0);
    const accepted = kept(acceptFrom(listener));
    expect(socketNature(accepted)).toBe('connection');
    expect(peerCredentials(accepted)).toEqual({ pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
    expect(acceptFrom(listener)).toBe(-errno.EAGAIN);
  });

  it('says how long a path may be', () => {
    const path = `/tmp/${'x'.repeat(103)}`;
    expect(() => bindTo(kept(openSocket()), { path })).toThrow(
      `the socket path is 108 bytes long, Linux allows 107: ${path}`,
    );
  });

  it('names the path that is taken', () => {
    const address = { path: tmpdir() };
    expect(() => bindTo(kept(openSocket()), address)).toThrow(
      `cannot create the socket ${tmpdir()}: the address is in use (EADDRINUSE)`,
    );
  });

  it('descriptors that are no UNIX stream connection are told apart', () => {
    expect(socketNature(kept(createEventFd()))).toBe('other');
  });
});

describe('epoll', () => {
  it('reports an eventfd that was signalled, and nothing else', () => {
    const epoll = new Epoll(4);
    const [quiet, loud] = [kept(createEventFd()), kept(createEventFd())];
    epoll.add(quiet, readiness.in);
    epoll.add(loud, readiness.in);
    expect(epoll.wait(0)).toBe(0);
    signalEventFd(loud);
    signalEventFd(loud);
    expect(epoll.wait(1000)).toBe(1);
    expect(epoll.readyFd(0)).toBe(loud);
    expect(epoll.readyFor(0)).toBe(readiness.in);
    expect(clearEventFd(loud)).toBe(2);
    expect(epoll.wait(0)).toBe(0);
    epoll.close();
  });
});
