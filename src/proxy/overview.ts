/** What an engine does at present, from what it has told so far. Pure. */
import type { ConnectionStatus, PairStatus, Status } from '../control/messages.ts';
import { otherSide, type Side } from '../decode/side.ts';
import { addressText } from '../sys/socket.ts';
import type { EngineEvent } from './engine.ts';
import type { PairOptions } from './engine-options.ts';
import type { SideOptions } from './gate.ts';

/** The pairs and connections of an engine, to be told each of its events. */
export class Overview {
  readonly #pairs = new Map<string, PairStatus>();
  readonly #connections = new Map<number, ConnectionStatus>();
  #count = 0;
  #path: string | undefined;
  #failing: string | undefined;

  /** @param path where is recorded, undefined where nothing is kept */
  constructor(pairs: readonly PairOptions[], path: string | undefined) {
    this.#path = path;
    for (const { name, device, frontEnd, backEnd } of pairs) {
      const roles = { front_end: roleOf(frontEnd), back_end: roleOf(backEnd) };
      this.#pairs.set(name, {
        name,
        ...(device !== undefined && { device: device.id, device_from: device.from }),
        ...roles,
        listening: [],
        waiting: [],
      });
    }
  }

  /** Takes an event in; `now` is the time of day in milliseconds. */
  hear(event: EngineEvent, now: number): void {
    switch (event.type) {
      case 'listening':
      case 'waiting':
        this.#place(event.pair, event.side, event.type);
        return;
      case 'connected': {
        const since = new Date(now).toISOString();
        const { pair, connection } = event;
        this.#connections.set(connection, { pair, connection, session: 0, epoch: 0, since, channels: ['main'] });
        this.#count++;
        return;
      }
      case 'speaking':
        Object.assign(this.#connections.get(event.connection) ?? {}, { session: event.session, epoch: event.epoch });
        return;
      case 'peer': {
        const { pid, comm, executable, version } = event.process;
        const program = executable?.replace(/^.*\//, '') ?? comm ?? 'unknown';
        const peer = { pid, program, ...(version !== undefined && { version }) };
        const key = event.side === 'front-end' ? 'front_end' : 'back_end';
        Object.assign(this.#connections.get(event.connection) ?? {}, { [key]: peer });
        return;
      }
      case 'device':
        Object.assign(this.#pairs.get(event.pair) ?? {}, { device: event.device, device_from: event.from });
        return;
      case 'interposed':
        this.#connections.get(event.connection)?.channels.push(event.channel);
        return;
      case 'closed':
        this.#closed(event.connection, event.channel);
        return;
      case 'recording':
      case 'recording-recovered':
        if (this.#path !== undefined) this.#path = event.path;
        this.#failing = undefined;
        return;
      case 'recording-caught-up':
        this.#failing = undefined;
        return;
      case 'recording-behind':
        this.#failing = 'messages pass unrecorded: the disk does not keep up, or the processors are busy';
        return;
      case 'recording-failed':
      case 'unwritable':
        this.#failing = event.message;
    }
  }

  #place(pair: string, side: Side, what: 'listening' | 'waiting'): void {
    const found = this.#pairs.get(pair);
    if (found === undefined) return;
    if (!found[what].includes(side)) found[what].push(side);
    // We listen for one side exactly while the other one is there.
    const opposite = what === 'listening' ? 'waiting' : 'listening';
    found[opposite] = found[opposite].filter(each => each !== otherSide(side));
  }

  #closed(connection: number, channel: string): void {
    const found = this.#connections.get(connection);
    if (found === undefined) return;
    if (channel === 'main') this.#connections.delete(connection);
    else found.channels = found.channels.filter(each => each !== channel);
  }

  /** The part of a status that follows from events; counts and names are the engine's to add. */
  get status(): Pick<Status, 'pairs' | 'connections'> & { path?: string; failing?: string; connected: number } {
    return {
      pairs: [...this.#pairs.values()],
      connections: [...this.#connections.values()],
      connected: this.#count,
      ...(this.#path !== undefined && { path: this.#path }),
      ...(this.#failing !== undefined && { failing: this.#failing }),
    };
  }
}

function roleOf(side: SideOptions): PairStatus['front_end'] {
  return { role: side.role, address: side.role === 'fd' ? `fd ${side.fd}` : addressText(side.address) };
}
