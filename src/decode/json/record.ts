/**
 * One record as one JSON object, on one line. The keys are stable; new ones may be added. `docs/records.md` tells what
 * each means. There is one writer: the object form is what its line parses to.
 */

import type { FdIdentity, Frame } from '../frame.ts';
import { LineBuffer } from '../line-buffer.ts';
import { decodeFrame, type Message } from '../message.ts';
import { deviceById } from '../spec/devices/index.ts';
import { eventName, type Json, type JsonObject, jsonBody } from '../text/event.ts';
import type { RecordFacts } from '../timing.ts';
import { writeHex, writeHexBytes, writePayload } from './payload.ts';

/** A record as an object; see `docs/records.md`. */
export type JsonRecord = JsonObject & { readonly n: number; readonly type: string };

/** What else to write. */
export interface RecordOptions {
  /** Add `raw`: the bytes of the whole message. */
  raw?: boolean;
}

/** A record as an object. */
export function recordJson(frame: Frame, facts: RecordFacts, options: RecordOptions = {}): JsonRecord {
  const writer = new JsonWriter(options);
  writer.write(frame, facts);
  return JSON.parse(writer.out.textFrom(0)) as JsonRecord;
}

const milliard = 1_000_000_000n;

/** Writes records as JSON into a buffer. */
export class JsonWriter {
  readonly out: LineBuffer;
  readonly #raw: boolean;
  /** The second that the last record fell into, and how it is written. */
  #second = -1n;
  #secondText = '';

  constructor(options: RecordOptions = {}, out = new LineBuffer()) {
    this.out = out;
    this.#raw = options.raw === true;
  }

  /** Appends a record, without a line end. `message` where it was decoded before. */
  write(frame: Frame, facts: RecordFacts, message?: Message): void {
    const { out } = this;
    this.#origin(frame, facts);
    if (frame.kind === 'message') this.#message(frame, message ?? decodeFrame(frame));
    else if (frame.kind === 'raw') out.ascii(',"type":"raw"');
    else this.#event(frame);
    if (frame.kind === 'message' || frame.kind === 'raw') this.#transport(frame);
    if (frame.answers !== undefined) this.#count(',"answers":', frame.answers);
    if (facts.answeredBy !== undefined) this.#count(',"answered_by":', facts.answeredBy);
    if (facts.latencyNs !== undefined) this.#nanoseconds(',"latency_ns":', facts.latencyNs);
    this.#altered(frame);
    if (frame.damage !== undefined) {
      out.ascii(',"damage":');
      out.json(frame.damage);
    }
    if (this.#raw || frame.kind === 'raw') {
      out.ascii(',"raw":');
      writeHexBytes(out, frame.bytes);
    }
    out.ascii('}');
  }

  /** Which record it is, when it was seen and where. */
  #origin(frame: Frame, facts: RecordFacts): void {
    const { out } = this;
    this.#count('{"n":', frame.n);
    if (frame.captureId !== undefined) this.#hexadecimal(',"capture":', frame.captureId);
    out.ascii(',"pair":');
    out.json(frame.pair);
    const { device } = frame.context;
    if (device !== undefined) {
      out.ascii(',"device":');
      out.json(deviceById(device)?.name ?? String(device));
    }
    this.#time(frame.wallNs);
    this.#sinceFirst(facts.sinceFirstNs);
    this.#nanoseconds(',"received_ns":', frame.receivedNs);
    if (frame.sentNs > 0n) this.#nanoseconds(',"sent_ns":', frame.sentNs);
    if (frame.heldNs !== undefined) this.#nanoseconds(',"held_ns":', frame.heldNs);
    this.#count(',"session":', frame.session);
    this.#count(',"epoch":', frame.epoch);
    if (frame.carried) out.ascii(',"carried":true');
    out.ascii(',"channel":"');
    out.ascii(frame.channel);
    if (frame.dir !== undefined) {
      out.ascii('","dir":"');
      out.ascii(frame.dir);
    }
    out.ascii('"');
  }

  #message(frame: Frame, message: Message): void {
    const { out } = this;
    out.ascii(message.reply ? ',"type":"reply"' : ',"type":"request"');
    this.#count(',"id":', message.id);
    out.ascii(',"name":"');
    out.ascii(message.name);
    this.#count('","flags":{"version":', message.version);
    out.ascii(message.reply ? ',"reply":true' : ',"reply":false');
    out.ascii(message.needReply ? ',"need_reply":true' : ',"need_reply":false');
    if (message.reserved !== 0) this.#hexadecimal(',"reserved":', message.reserved);
    out.ascii('},"payload":');
    if (message.struct) writePayload(out, message.struct, message.payload, frame.context.device);
    else out.ascii('{}');
    if (message.rest) {
      out.ascii(',"rest":');
      writeHexBytes(out, message.rest);
    }
    if (message.assumed) out.ascii(',"assumed":true');
    this.#problems(message);
  }

  #problems({ problems }: Message): void {
    const { out } = this;
    for (let i = 0; i < problems.length; i++) {
      const problem = problems[i] as Message['problems'][number];
      out.ascii(i === 0 ? ',"problems":[{"path":' : ',{"path":');
      out.json(problem.path);
      this.#count(',"offset":', problem.offset);
      out.ascii(',"message":');
      out.json(problem.message);
      out.ascii('}');
    }
    if (problems.length > 0) out.ascii(']');
  }

  /** Sizes, descriptors and how they arrived. */
  #transport(frame: Frame): void {
    const { out } = this;
    const head = frame.kind === 'message' ? 12 : 0;
    this.#count(',"size":', Math.max(0, frame.wireLength - head));
    if (frame.bytes.length < frame.wireLength) {
      this.#count(',"captured":', Math.max(0, frame.bytes.length - head));
    }
    this.#count(',"offset":', frame.offset);
    if (frame.seg) out.ascii(`,"seg":[${frame.seg.join(',')}]`);
    if (frame.fdAt !== undefined) this.#count(',"fd_at":', frame.fdAt);
    if (frame.ctrunc) out.ascii(',"ctrunc":true');
    out.ascii(',"fds":[');
    for (let i = 0; i < frame.fds.length; i++) {
      if (i > 0) out.ascii(',');
      this.#fd(frame.fds[i] as FdIdentity);
    }
    out.ascii(']');
    if (frame.fdCount !== undefined && frame.fdCount !== frame.fds.length) this.#count(',"fd_count":', frame.fdCount);
  }

  #fd(fd: FdIdentity): void {
    const { out } = this;
    out.ascii('{"kind":"');
    out.ascii(fd.kind);
    out.ascii('"');
    if (fd.size !== undefined) this.#count(',"size":', fd.size);
    if (fd.dev !== undefined) this.#count(',"dev":', fd.dev);
    if (fd.inode !== undefined) this.#count(',"inode":', fd.inode);
    if (fd.id !== undefined) this.#count(',"id":', fd.id);
    if (fd.seals !== undefined) this.#hexadecimal(',"seals":', fd.seals);
    if (fd.pageSize !== undefined) this.#count(',"page_size":', fd.pageSize);
    if (fd.access !== undefined) out.ascii(`,"access":"${fd.access}"`);
    if (fd.name !== undefined) {
      out.ascii(',"name":');
      out.json(fd.name);
    }
    if (fd.object !== undefined) this.#count(',"object":', fd.object);
    if (fd.sameIdAs !== undefined) this.#count(',"same_id_as":', fd.sameIdAs);
    out.ascii('}');
  }

  #event(frame: Frame): void {
    const { out } = this;
    const body = jsonBody(frame);
    const name = eventName(frame, body);
    out.ascii(`,"type":"${frame.kind}","name":`);
    out.json(name);
    if (!body) {
      out.ascii(',"payload":{},"rest":');
      writeHexBytes(out, frame.bytes);
      return;
    }
    const told = Object.entries(body).filter(([key]) => !(frame.kind === 'event' && key === 'event'));
    if (frame.kind === 'finding') {
      for (const [key, value] of told.filter(([key]) => findingKeys.includes(key))) this.#json(`,"${key}":`, value);
    }
    this.#json(
      ',"payload":',
      Object.fromEntries(frame.kind === 'finding' ? told.filter(([key]) => !findingKeys.includes(key)) : told),
    );
  }

  #altered(frame: Frame): void {
    const { out } = this;
    if (frame.sentBytes) {
      out.ascii(',"altered":{"received":');
      writeHexBytes(out, frame.bytes);
      out.ascii(',"sent":');
      writeHexBytes(out, frame.sentBytes);
      if (frame.sentLength !== undefined) this.#count(',"sent_size":', frame.sentLength);
      out.ascii('}');
    }
    if (frame.injected) out.ascii(',"injected":true');
    if (frame.masked) out.ascii(',"masked":true');
  }

  /** ISO 8601 with nanoseconds. */
  #time(wallNs: bigint): void {
    const { out } = this;
    let below = Number(wallNs - this.#second);
    if (this.#second < 0n || below < 0 || below >= 1e9) {
      const second = wallNs / milliard;
      this.#second = second * milliard;
      below = Number(wallNs - this.#second);
      this.#secondText = isoSecond(Number(second));
    }
    out.ascii(',"time":"');
    out.ascii(this.#secondText);
    out.decimal(below, 9);
    out.ascii('Z"');
  }

  /** Seconds with nanoseconds. */
  #sinceFirst(ns: number): void {
    const { out } = this;
    const size = Math.abs(ns);
    const seconds = Math.floor(size / 1e9);
    out.ascii(ns < 0 ? ',"t":-' : ',"t":');
    out.decimal(seconds);
    out.ascii('.');
    out.decimal(size - seconds * 1e9, 9);
  }

  #count(key: string, value: number): void {
    this.out.ascii(key);
    this.out.decimal(value);
  }

  /** A number where it is exact, else a text. */
  #nanoseconds(key: string, value: number | bigint): void {
    const { out } = this;
    out.ascii(key);
    const exact = Number(value);
    if (exact <= Number.MAX_SAFE_INTEGER) {
      if (exact < 0) out.ascii('-');
      out.decimal(Math.abs(exact));
    } else out.ascii(`"${value}"`);
  }

  #hexadecimal(key: string, value: number | bigint): void {
    this.out.ascii(key);
    writeHex(this.out, value);
  }

  #json(key: string, value: Json): void {
    this.out.ascii(key);
    this.out.text(JSON.stringify(value));
  }
}

/** Keys of a finding that stand in the record itself. */
const findingKeys = ['rule', 'severity', 'message', 'records', 'spec', 'remedy'];

/** `2026-03-01T12:00:00.`; years a date cannot hold are given as the epoch. */
function isoSecond(second: number): string {
  const date = new Date(second * 1000);
  return `${(Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString().slice(0, -4)}`;
}
