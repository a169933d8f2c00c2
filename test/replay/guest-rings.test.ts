/** Requests of a guest, answered by a played back-end. */
import { readSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from '../../src/decode/frame.ts';
import { GuestRings } from '../../src/replay/guest-rings.ts';
import { type Refusal, refusalOf } from '../../src/replay/refusals.ts';
import { Epoll } from '../../src/sys/epoll.ts';
import { clearEventFd } from '../../src/sys/event-fd.ts';
import { writeAt } from '../../src/sys/memory-file.ts';
import { Resources } from '../../src/sys/resources.ts';
import { makeAvailable, type Piece, usedIndex, type VringLayout, vringParts } from '../../src/sys/vring.ts';
import { eventfd, frame, living, memfd, region } from './frames.ts';

const virtioBlk = 2;
const virtioFs = 26;
const virtioNet = 1;
const indirect = 1n << 28n;
const eventIndex = 1n << 29n;
const packed = 1n << 34n;

describe('a refusal', () => {
  const answer = (device: number, request: Uint8Array, room: number, ring = 0) =>
    (refusalOf(device) as Refusal).ofRing(ring)?.(request, room);

  it('of a disk has the status of an I/O error behind the data', () => {
    expect(answer(virtioBlk, new Uint8Array(16), 513)?.at(-1)).toBe(1);
    expect(answer(virtioBlk, new Uint8Array(16), 0)).toHaveLength(0);
  });

  it('of a file system is the header of an answer to that request, with EIO', () => {
    const request = Uint8Array.from({ length: 40 }, (_, i) => i);
    const header = [...[16, 0, 0, 0], ...[0xfb, 0xff, 0xff, 0xff], ...[8, 9, 10, 11, 12, 13, 14, 15]];
    expect([...(answer(virtioFs, request, 64) ?? [])]).toEqual(header);
    // FORGET asks for none.
    expect(answer(virtioFs, request, 0)).toHaveLength(0);
  });

  it('of a network card takes what is sent, and leaves the buffers for what arrives', () => {
    expect(answer(virtioNet, new Uint8Array(60), 0, 1)).toHaveLength(0);
    expect((refusalOf(virtioNet) as Refusal).ofRing(0)).toBeUndefined();
  });

  it('is not known for every device', () => expect(refusalOf(undefined) ?? refusalOf(4)).toBeUndefined());
});

describe('rings of a guest', () => {
  const size = 0x10_0000;
  const start = 0x7f00_0000n;
  const layout: VringLayout = {
    ...{ num: 8, descriptor: start, available: start + BigInt(vringParts.available) },
    used: start + BigInt(vringParts.used),
  };
  let resources: Resources;
  let epoll: Epoll;
  beforeEach(() => {
    resources = new Resources();
    epoll = new Epoll();
  });
  afterEach(() => {
    epoll.close();
    resources.close();
  });

  /** The guest's memory, as the driver sees it. */
  const memory = () => {
    const fd = resources.memory('ram', size);
    return {
      read: (address: bigint, length: number) => {
        const bytes = new Uint8Array(length);
        readSync(fd, bytes, 0, length, Number(address - start));
        return bytes;
      },
      write: (address: bigint, bytes: Uint8Array) => writeAt(fd, bytes, Number(address - start)),
    };
  };

  /** Bytes written for the first request, as the used ring tells. */
  const usedLength = () => new DataView(memory().read(layout.used + 8n, 4).buffer).getUint32(0, true);

  function started(features = 0n): GuestRings {
    const { descriptor, used, available } = layout;
    const whole = { region: { ...region(0).region, size } };
    const frames: Frame[] = [
      frame('SET_FEATURES', { features: features | (1n << 30n) }),
      frame('ADD_MEM_REG', whole, { fds: memfd }),
      frame('SET_VRING_NUM', { index: 0, num: layout.num }),
      frame('SET_VRING_BASE', { index: 0, num: 0 }),
      frame('SET_VRING_ADDR', { index: 0, descriptor, used, available }),
      frame('SET_VRING_CALL', { index: 0 }, { fds: eventfd }),
      frame('SET_VRING_KICK', { index: 0 }, { fds: eventfd }),
      frame('SET_VRING_ENABLE', { index: 0, num: 1 }),
    ];
    const { session } = living(frames);
    const byRecord = new Map([
      [frames[1]?.n, resources.memory('ram', size)],
      [frames[5]?.n, resources.event('call')],
      [frames[6]?.n, resources.event('kick')],
    ]);
    const rings = new GuestRings(
      { session: () => session, descriptor: n => byRecord.get(n), epoll },
      refusalOf(virtioBlk) as Refusal,
    );
    rings.follow();
    return rings;
  }

  function kick(rings: GuestRings): void {
    resources.signal('kick');
    for (let ready = epoll.wait(0); ready > 0; ready = epoll.wait(0))
      rings.kicked(Array.from({ length: ready }, (_, i) => epoll.readyFd(i)));
  }

  const request: readonly Piece[] = [
    { address: 0x8000n, length: 16, writable: false },
    { address: 0x9000n, length: 512, writable: true },
    { address: 0xa000n, length: 1, writable: true },
  ];

  it('are taken from, answered and called', () => {
    const rings = started();
    makeAvailable(memory(), layout, 0, request);
    kick(rings);
    expect([usedIndex(memory(), layout), usedLength()]).toEqual([1, 513]);
    expect(memory().read(start + 0xa000n, 1)).toEqual(Uint8Array.of(1));
    expect(clearEventFd(resources.event('call'))).toBe(1);
    expect(rings.position(0)).toBe(1);
    expect(rings.remarks).toEqual(['1 in the rings: requests of the guest are answered with an I/O error']);
  });

  it('may have tables of indirect descriptors, and say when they want to be kicked', () => {
    const rings = started(indirect | eventIndex);
    const table = 0xb000n;
    const bytes = new Uint8Array(16 * request.length);
    const view = new DataView(bytes.buffer);
    for (const [i, { address, length, writable }] of request.entries()) {
      view.setBigUint64(i * 16, address, true);
      view.setUint32(i * 16 + 8, length, true);
      view.setUint16(i * 16 + 12, (writable ? 2 : 0) | (i < 2 ? 1 : 0), true);
      view.setUint16(i * 16 + 14, i + 1, true);
    }
    memory().write(start + table, bytes);
    makeAvailable(memory(), layout, 0, [{ address: table, length: bytes.length, writable: false }]);
    const flags = new Uint8Array([4, 0]);
    memory().write(layout.descriptor + 12n, flags);
    kick(rings);
    expect(rings.remarks).toHaveLength(1);
    expect(usedLength()).toBe(513);
    // avail_event, behind the used ring
    expect([...memory().read(layout.used + 4n + 64n, 2)]).toEqual([1, 0]);
  });

  it('that make no sense are given up, and that is told', () => {
    const rings = started();
    makeAvailable(memory(), layout, 0, [{ address: 0x1234_5678_0000n, length: 16, writable: false }]);
    kick(rings);
    expect(rings.remarks).toEqual([
      expect.stringMatching(/^ring 0 is not served any more: no memory is shared for 16 b/),
    ]);
    kick(rings);
    expect(usedIndex(memory(), layout)).toBe(0);
  });

  it('that are packed are left alone, and that is told', () => {
    const rings = started(packed);
    kick(rings);
    expect(rings.position(0)).toBeUndefined();
    expect(rings.remarks).toEqual(['requests in the rings are not served: the guest uses packed rings']);
  });
});
