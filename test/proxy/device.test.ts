/** How records come to say which device they are about. */
import { describe, expect, it } from 'vitest';
import type { KnownDevice } from '../../src/decode/device.ts';
import { letGoOfAll } from '../sys/open-fds.ts';
import { again, aroundEachTest, connected, type Ends, stand } from './one-connection.ts';
import { message, put, u64 } from './stand.ts';

aroundEachTest();

/** A relay that was told so much of the device. */
const connectedTo = (device?: KnownDevice): Ends => connected(device && { device });

/** A disk tells what it can do; the front-end asks. */
function negotiate({ front, back }: Ends): void {
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
    letGoOfAll();
    stand.settle();
    told();
    put(again().front, message(3));
    stand.settle();
    expect(told()).toEqual(['connected', '2 messages']);
  });

  it('is what the user says; messages that speak of another are told', () => {
    negotiate(connectedTo(known(1, 'option')));
    expect(told()).toEqual(['connected', '1 option', '1 option', `may be blk: ${features}`, '1 option']);
    expect(stand.reports.filter(({ type }) => type === 'device')).toEqual([]);
  });

  it('is what the messages say rather than the name of the socket', () => {
    negotiate(connectedTo(known(26, 'socket-name')));
    expect(told()).toEqual(['connected', '26 socket-name', '2 messages', `is blk: ${features}`, '2 messages']);
  });

  it('is what the command line of a peer says, once that is known', () => {
    const ends = connectedTo(known(26, 'socket-name'));
    put(ends.front, message(3));
    stand.settle();
    stand.relay.obey({ type: 'device', connection: 1, device: known(2, 'command-line') });
    negotiate(ends);
    expect(told()).toEqual([
      ...['connected', '26 socket-name', 'is blk: why'],
      ...['2 command-line', '2 command-line', '2 command-line'],
    ]);
  });

  it('is heard of in what comes behind messages that said the same again and again', () => {
    const ends = connected();
    for (let i = 0; i < 3; i++) {
      put(ends.front, message(1));
      stand.settle();
      put(ends.back, message(1, u64(0x1_7000_0000n), 5));
      stand.settle();
    }
    expect(told()).toEqual(['connected', ...Array.from({ length: 6 }, () => 'unknown')]);
    negotiate(ends);
    expect(told()).toEqual(['unknown', '2 messages', `is blk: ${features}`, '2 messages']);
  });
});
