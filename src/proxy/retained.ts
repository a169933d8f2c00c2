/**
 * The records that later ones need: what a capture that begins in the middle must repeat to be understood. Which ones
 * these are stands in the declaration of the messages (`retain`). Pure.
 */
import { fieldAt, headerFlag, pduTags } from '../capture/pseudo-header.ts';
import { readPseudoHeader } from '../capture/pseudo-header-read.ts';
import { messageByName, messageSpec } from '../decode/catalog.ts';
import type { Payload } from '../decode/decode.ts';
import { decodeMessage, type Envelope, payloadSource } from '../decode/message.ts';
import type { MessageSpec, Retain } from '../decode/message-spec.ts';

/** Events of a session that later records need: who speaks. */
const retainedEvents = new Set(['connected', 'peer', 'interposed', 'not-interposed']);
/** Records that are kept for one session at most; a front-end that sends no end of regions is not worth more. */
const mostPerSession = 4096;

interface Kept<Record> {
  n: number;
  record: Record;
}

/** The records of every session that is open, each with whatever the caller keeps for it. */
export class Retained<Record> {
  readonly #sessions = new Map<string, Map<string, Kept<Record>>>();
  #started: Kept<Record> | undefined;

  /**
   * Looks at a whole packet: tags, pseudo-header, bytes. `keep` is called if the record is needed later, and makes
   * what `records` will return.
   */
  fold(pair: string, packet: Uint8Array, keep: () => Record): void {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    const flags = view.getUint32(pduTags.length + fieldAt.flags, true);
    if ((flags & headerFlag.continuation) !== 0) return;
    const { header, length } = readPseudoHeader(view, pduTags.length, packet.length);
    const bytes = packet.subarray(pduTags.length + length);
    const key = `${pair}/${header.session}`;
    if (header.kind === 'event') {
      this.#event(key, bytes, header.n, keep);
      return;
    }
    if (header.kind !== 'message') return;
    const { channel, dir, context, wireLength } = header;
    const fdCount = header.fdCount ?? header.fds.length;
    const envelope: Envelope = { channel, dir, context, wireLength, fdCount };
    const id = view.getUint32(pduTags.length + length, context.bigEndian !== true);
    const spec = messageSpec(channel, id, payloadSource(bytes, envelope));
    if (spec?.retain === undefined) return;
    const kept = this.#of(key);
    const half = flags & headerFlag.dropped ? ' unsent' : header.injected ? ' made' : '';
    if (header.reply) {
      const request = [...kept].find(([, { n }]) => n === header.answers);
      if (request !== undefined) this.#keep(kept, `${request[0]} reply${half}`, header.n, keep);
      return;
    }
    const place = placeOf(channel, spec, spec.retain, () => decodeMessage(bytes, envelope).payload);
    // What only one side knows of does not take the place of what the other knows.
    if (half !== '') {
      this.#keep(kept, `${place.key}${half}`, header.n, keep);
      return;
    }
    for (const rest of [' unsent', ' made', ' reply', ' reply unsent', ' reply made'])
      kept.delete(`${place.key}${rest}`);
    if (place.removes) kept.delete(place.key);
    else this.#keep(kept, place.key, header.n, keep);
    if (spec.name === 'SET_MEM_TABLE')
      for (const each of kept.keys()) if (each.includes(' ADD_MEM_REG ')) kept.delete(each);
  }

  #event(key: string, bytes: Uint8Array, n: number, keep: () => Record): void {
    let event: { event?: unknown; side?: unknown; channel?: unknown };
    try {
      event = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return; // shortened under pressure
    }
    const name = String(event.event);
    if (name === 'started') this.#started = { n, record: keep() };
    else if (name === 'connected') this.#sessions.set(key, new Map([[name, { n, record: keep() }]]));
    else if (name === 'closed' && event.channel === 'main') this.#sessions.delete(key);
    else if (retainedEvents.has(name))
      this.#keep(this.#of(key), `${name} ${event.side ?? event.channel ?? ''}`, n, keep);
  }

  #of(key: string): Map<string, Kept<Record>> {
    const kept = this.#sessions.get(key) ?? new Map<string, Kept<Record>>();
    this.#sessions.set(key, kept);
    return kept;
  }

  #keep(kept: Map<string, Kept<Record>>, key: string, n: number, keep: () => Record): void {
    if (kept.size < mostPerSession || kept.has(key)) kept.set(key, { n, record: keep() });
  }

  /** What a file that begins now must repeat, in the order of recording. */
  records(): Record[] {
    const all = [...this.#sessions.values()].flatMap(kept => [...kept.values()]);
    if (this.#started !== undefined) all.push(this.#started);
    return all.sort((a, b) => a.n - b.n).map(({ record }) => record);
  }
}

/** Where a message is kept: under its name, and the value of a field where there is one for each. */
function placeOf(
  channel: string,
  spec: MessageSpec,
  retain: Retain,
  payload: () => Payload,
): { key: string; removes: boolean } {
  if (retain === 'last') return { key: `${channel} ${spec.name}`, removes: false };
  const value = fieldOf(payload(), retain[1]);
  const removes = retain[0] === 'remove';
  const name = removes ? (messageByName(retain[2])?.spec.name ?? retain[2]) : spec.name;
  return { key: `${channel} ${name} ${value}`, removes };
}

/** The value of a field by its path, `region.guest_address`. */
function fieldOf(payload: Payload, path: string): string {
  let value: unknown = payload;
  for (const part of path.split('.')) value = (value as { [name: string]: unknown } | undefined)?.[part];
  return String(value);
}
