/** How records come to say which device they are about. */
import { afterEach, describe, expect, it } from 'vitest';
import type { KnownDevice } from '../../src/decode/device.ts';
import { close } from '../../src/sys/libc.ts';
import { message, put, Stand, u64 } from './stand.ts';

let stand: Stand;
const open: number[] = [];
afterEach(() => {
  stand?.close();
  for (const fd of open.splice(0)) close(fd);
});
function connected(device?: KnownDevice): { front: number; back: number } {
  stand = new Stand(device && { device });
  return again();
}
function again(): { front: number; back: number } {
  const ends = stand.connect();
  open.push(ends.front, ends.back);
  return ends;
}
/** A disk tells what it can do; the front-end asks. */
function negotiate({ front, back }: { front: number; back: number }): void {
  put(front, message(1));
  stand.settle();
  put(back, message(1, u64(0x1_7000_6e46n), 5));
  stand.settle();
  put(front, message(3));
  stand.settle();
}
/** Each record as its device and how that is known, or as what an event says. */
const told = (): (string | undefined)[] =>
  stand.records().map(({ header: { context }, event }) => {
    if (event?.event === 'device') return `${event.taken === false ? 'may be' : 'is'} ${event.name}: ${event.reason}`;
    return event?.event ?? (context.device === undefined ? 'unknown' : `${context.device} ${context.deviceFrom}`);
  });
const features = 'features SIZE_MAX, SEG_MAX, BLK_SIZE, FLUSH, TOPOLOGY, CONFIG_WCE, DISCARD, WRITE_ZEROES';
const known = (id: number, from: KnownDevice['from']): KnownDevice => ({
  ...{ id, from, reason: 'why', confidence: 'certain' },
});

describe('the device type', () => {
  it('is known from the message that shows it on, also in the connections that follow', () => {
    const first = connected();
    negotiate(first);
    expect(told()).toEqual(['connected', 'unknown', '2 messages', `is blk: ${features}`, '2 messages']);
    expect(stand.reports).toContainEqual(expect.objectContaining({ type: 'device', device: 2, from: 'messages' }));
    for (const fd of open.splice(0)) close(fd);
    stand.settle();
    told();
    put(again().front, message(3));
    stand.settle();
    expect(told()).toEqual(['connected', '2 messages']);
  });

  it('is what the user says; messages that speak of another are told', () => {
    negotiate(connected(known(1, 'option')));
    expect(told()).toEqual(['connected', '1 option', '1 option', `may be blk: ${features}`, '1 option']);
    expect(stand.reports.filter(({ type }) => type === 'device')).toEqual([]);
  });

  it('is what the messages say rather than the name of the socket', () => {
    negotiate(connected(known(26, 'socket-name')));
    expect(told()).toEqual(['connected', '26 socket-name', '2 messages', `is blk: ${features}`, '2 messages']);
  });

  it('is what the command line of a peer says, once that is known', () => {
    const ends = connected(known(26, 'socket-name'));
    put(ends.front, message(3));
    stand.settle();
    stand.relay.obey({ type: 'device', connection: 1, device: known(2, 'command-line') });
    negotiate(ends);
    expect(told()).toEqual([
      ...['connected', '26 socket-name', 'is blk: why'],
      ...['2 command-line', '2 command-line', '2 command-line'],
    ]);
  });
});
