/** A relay on which messages are held: one connection, and what tests say of what became of it. */
import { afterEach, beforeEach, expect } from 'vitest';
import { armedRule, type Rule } from '../../src/proxy/hold/rule.ts';
import { inspect } from '../../src/sys/descriptor.ts';
import { Memory } from '../../src/sys/libc.ts';
import { arrival, receive } from '../../src/sys/transfer.ts';
import { kept, letGoOfAll, openFds } from '../sys/open-fds.ts';
import { again, connected, type Ends, stand } from './one-connection.ts';
import type { Recorded } from './stand.ts';

export { stand };

let fdsBefore: string[];
export let front: number;
export let back: number;
export const scratch = new Memory(1 << 17);

/** Gives each test of a file a relay with one connection, and holds that no descriptor is left. */
export function aroundEachTest(): void {
  beforeEach(() => {
    fdsBefore = openFds();
    meet(connected());
  });
  afterEach(() => {
    letGoOfAll();
    stand.close();
    expect(openFds()).toEqual(fdsBefore);
  });
}

/** Connects the peers again. */
export function reconnect(): void {
  meet(again());
}

function meet(ends: Ends): void {
  front = ends.front;
  back = ends.back;
}

/** Adds a breakpoint. */
export function hold(when: string, of: Partial<Rule> & { forever?: boolean; ms?: number } = {}): void {
  const { forever, ms, ...rule } = of;
  const settings = { ...(forever && { forever }), ...(ms !== undefined && { ms }) };
  const armed = armedRule({ name: `hold ${when}`, when, do: [{ tamper: 'hold', settings }], ...rule });
  stand.relay.ask('add-rule', { rule: armed, by: 'ann' });
}

/** What is held, by number and name. */
export const held = (): string[] => stand.relay.ask('holds', {}).map(({ n, name }) => `${n} ${name}`);
export const by = 'ann (ctl)';

/** Events, and messages with what became of them, in order. */
export function story(records: readonly Recorded[] = stand.records()): string[] {
  return records.map(({ header, bytes, event }) => {
    if (event) return event.event;
    const sent = header.sentBytes === undefined ? '' : header.sentBytes.length === 0 ? ' dropped' : ' altered';
    return `${header.n} ${bytes.readUInt32LE(0)}${header.injected ? ' injected' : ''}${sent}`;
  });
}

/** What came, with the descriptors left open: their inodes tell memory files apart, their numbers eventfds. */
export function received(fd: number): { bytes: Buffer; objects: string[] } {
  const length = receive(fd, scratch.address, scratch.bytes.length);
  const fds = arrival.fds.map(kept);
  const bytes = Buffer.from(scratch.bytes.subarray(0, Math.max(0, length)));
  return { bytes, objects: fds.map(objectOf) };
}

export function objectOf(fd: number): string {
  const { kind, inode, id, name } = inspect(fd).identity;
  return kind === 'eventfd' ? `eventfd ${id}` : kind === 'device' ? `${name}` : `${kind} ${inode ?? id}`;
}
