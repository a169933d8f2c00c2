/**
 * One record as one JSON object, on one line. The keys are stable; new ones may be added. `docs/records.md` tells what
 * each means. There is one writer: the object form is what its line parses to.
 */

import { candidates, candidateText } from '../catalog.ts';
import type { Channel, DeviceSource, Direction, FdIdentity, Frame } from '../frame.ts';
import { LineBuffer } from '../line-buffer.ts';
import { decodeFrame, type Message } from '../message.ts';
import type { MessageSpec } from '../message-spec.ts';
import { deviceById } from '../spec/devices/index.ts';
import { eventName, type Json, type JsonObject, jsonBody } from '../text/event.ts';
import type { RecordFacts } from '../timing.ts';
import { writeDescriptor } from './descriptor.ts';
import { Clock, writeCount, writeHexNumber, writeNanoseconds, writeSeconds } from './numbers.ts';
import { writeHexBytes, writePayload } from './payload.ts';

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

/** Writes records as JSON into a buffer. */
export class JsonWriter {
  readonly out: LineBuffer;
  readonly #raw: boolean;
  /** Stretches of output that come again and again, ready to be copied. */
  #lastRecording:
    | {
        captureId: bigint | undefined;
        pair: string;
        device: number | undefined;
        deviceFrom: DeviceSource | undefined;
        bytes: Uint8Array;
      }
    | undefined;
  readonly #lastConnections = new Map<
    Direction | undefined,
    { session: number; epoch: number; channel: Channel; bytes: Uint8Array }
  >();
  readonly #clock = new Clock();
  readonly #heads = new Map<MessageSpec, Uint8Array[]>();

  constructor(options: RecordOptions = {}, out = new LineBuffer()) {
    this.out = out;
    this.#raw = options.raw === true;
  }

  /** Appends a record, without a line end. `message` where it was decoded before. */
  write(frame: Frame, facts: RecordFacts, message?: Message): void {
    const { out } = this;
    this.#origin(frame, facts);
    if (frame.kind === 'message') this.#message(frame, message ?? decodeFrame(frame));
    else if (frame.kind === 'raw') out.word(',"type":"raw"');
    else this.#event(frame);
    if (frame.kind === 'message' || frame.kind === 'raw') this.#transport(frame);
    if (frame.answers !== undefined) writeCount(this.out, ',"answers":', frame.answers);
    if (facts.answeredBy !== undefined) writeCount(this.out, ',"answered_by":', facts.answeredBy);
    if (facts.latencyNs !== undefined) writeNanoseconds(this.out, ',"latency_ns":', facts.latencyNs);
    this.#label(facts);
    this.#altered(frame);
    if (frame.damage !== undefined) {
      out.word(',"damage":');
      out.json(frame.damage);
    }
    if (this.#raw || frame.kind === 'raw') {
      out.word(',"raw":');
      writeHexBytes(out, frame.bytes);
    }
    out.word('}');
  }

  /** Which record it is, when it was seen and where. */
  #origin(frame: Frame, facts: RecordFacts): void {
    writeCount(this.out, '{"n":', frame.n);
    this.#recording(frame);
    this.#clock.write(this.out, frame.wallNs);
    writeSeconds(this.out, facts.sinceFirstNs);
    writeNanoseconds(this.out, ',"received_ns":', frame.receivedNs);
    if (frame.sentNs > 0n) writeNanoseconds(this.out, ',"sent_ns":', frame.sentNs);
    if (frame.heldNs !== undefined) writeNanoseconds(this.out, ',"held_ns":', frame.heldNs);
    this.#connection(frame);
  }

  /** Capture, pair and device: mostly those of the record before. */
  #recording(frame: Frame): void {
    const { out } = this;
    const last = this.#lastRecording;
    const { captureId, pair } = frame;
    const { device, deviceFrom } = frame.context;
    const same = last && last.captureId === captureId && last.pair === pair;
    if (same && last.device === device && last.deviceFrom === deviceFrom) {
      out.copy(last.bytes);
      return;
    }
    const start = out.length;
    if (captureId !== undefined) writeHexNumber(this.out, ',"capture":', captureId);
    out.word(',"pair":');
    out.json(pair);
    if (device !== undefined) {
      out.word(',"device":');
      out.json(deviceById(device)?.name ?? String(device));
      if (deviceFrom !== undefined) out.ascii(`,"device_from":"${deviceFrom}"`);
    }
    this.#lastRecording = { captureId, pair, device, deviceFrom, bytes: out.bytes.slice(start) };
  }

  /** Session, channel and direction: mostly those of a record just before. */
  #connection(frame: Frame): void {
    const { out } = this;
    const { session, epoch, channel, dir } = frame;
    const last = this.#lastConnections.get(dir);
    if (last && last.session === session && last.epoch === epoch && last.channel === channel && !frame.carried) {
      out.copy(last.bytes);
      return;
    }
    const start = out.length;
    writeCount(this.out, ',"session":', session);
    writeCount(this.out, ',"epoch":', epoch);
    if (frame.carried) out.word(',"carried":true');
    out.word(',"channel":"');
    out.word(channel);
    if (dir !== undefined) {
      out.word('","dir":"');
      out.word(dir);
    }
    out.word('"');
    if (!frame.carried) this.#lastConnections.set(dir, { session, epoch, channel, bytes: out.bytes.slice(start) });
  }

  #message(frame: Frame, message: Message): void {
    const { out } = this;
    this.#head(message);
    if (message.struct) writePayload(out, message.struct, message.payload, frame.context.device);
    else out.word('{}');
    if (!message.spec) this.#candidates(message);
    if (message.rest) {
      out.word(',"rest":');
      writeHexBytes(out, message.rest);
    }
    if (message.assumed) out.word(',"assumed":true');
    this.#problems(message);
  }

  /** Phases and functions are declared names. */
  #label({ phase, path }: RecordFacts): void {
    const { out } = this;
    if (phase !== undefined) {
      out.word(',"phase":"');
      out.word(phase);
      out.word('"');
    }
    if (path !== undefined) {
      out.word(',"path":["');
      for (const [i, name] of path.entries()) {
        if (i > 0) out.word('","');
        out.word(name);
      }
      out.word('"]');
    }
  }

  /** Type, number, name and flags: a declared message has few of them. */
  #head(message: Message): void {
    const { out } = this;
    const { spec, reply, needReply, version, reserved } = message;
    const regular = spec !== undefined && reserved === 0;
    const heads = regular ? (this.#heads.get(spec) ?? []) : [];
    const place = version | (reply ? 4 : 0) | (needReply ? 8 : 0);
    const known = heads[place];
    if (known) {
      out.copy(known);
      return;
    }
    const start = out.length;
    out.word(reply ? ',"type":"reply"' : ',"type":"request"');
    writeCount(this.out, ',"id":', message.id);
    out.word(',"name":"');
    out.ascii(message.name);
    writeCount(this.out, '","flags":{"version":', version);
    out.word(reply ? ',"reply":true' : ',"reply":false');
    out.word(needReply ? ',"need_reply":true' : ',"need_reply":false');
    if (reserved !== 0) writeHexNumber(this.out, ',"reserved":', reserved);
    out.word('},"payload":');
    if (!regular) return;
    heads[place] = out.bytes.slice(start);
    this.#heads.set(spec, heads);
  }

  /** The messages that the number of an unknown one may stand for. */
  #candidates({ channel, id, name }: Message): void {
    const possible = name === 'TRUNCATED' ? [] : candidates(channel, id);
    if (possible.length > 0) this.#json(',"candidates":', possible.map(candidateText));
  }

  #problems({ problems }: Message): void {
    const { out } = this;
    for (let i = 0; i < problems.length; i++) {
      const problem = problems[i] as Message['problems'][number];
      out.word(i === 0 ? ',"problems":[{"path":' : ',{"path":');
      out.json(problem.path);
      writeCount(this.out, ',"offset":', problem.offset);
      out.word(',"message":');
      out.json(problem.message);
      out.word('}');
    }
    if (problems.length > 0) out.word(']');
  }

  /** Sizes, descriptors and how they arrived. */
  #transport(frame: Frame): void {
    const { out } = this;
    const head = frame.kind === 'message' ? 12 : 0;
    writeCount(this.out, ',"size":', Math.max(0, frame.wireLength - head));
    if (frame.bytes.length < frame.wireLength) {
      writeCount(this.out, ',"captured":', Math.max(0, frame.bytes.length - head));
    }
    writeCount(this.out, ',"offset":', frame.offset);
    if (frame.seg) out.ascii(`,"seg":[${frame.seg.join(',')}]`);
    if (frame.fdAt !== undefined) writeCount(this.out, ',"fd_at":', frame.fdAt);
    if (frame.ctrunc) out.word(',"ctrunc":true');
    out.word(',"fds":');
    this.#descriptors(frame.fds);
    if (frame.fdCount !== undefined && frame.fdCount !== frame.fds.length)
      writeCount(this.out, ',"fd_count":', frame.fdCount);
  }

  #descriptors(fds: readonly FdIdentity[]): void {
    const { out } = this;
    out.word('[');
    for (let i = 0; i < fds.length; i++) {
      if (i > 0) out.word(',');
      writeDescriptor(out, fds[i] as FdIdentity);
    }
    out.word(']');
  }

  #event(frame: Frame): void {
    const { out } = this;
    const body = jsonBody(frame);
    const name = eventName(frame, body);
    out.ascii(`,"type":"${frame.kind}","name":`);
    out.json(name);
    if (!body) {
      out.word(',"payload":{},"rest":');
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
      out.word(',"altered":{"received":');
      writeHexBytes(out, frame.bytes);
      out.word(',"sent":');
      writeHexBytes(out, frame.sentBytes);
      if (frame.sentLength !== undefined) writeCount(this.out, ',"sent_size":', frame.sentLength);
      if (frame.sentFds) {
        out.word(',"sent_fds":');
        this.#descriptors(frame.sentFds);
      }
      out.word('}');
    }
    if (frame.injected) out.word(',"injected":true');
    if (frame.masked) out.word(',"masked":true');
  }

  #json(key: string, value: Json): void {
    this.out.word(key);
    this.out.text(JSON.stringify(value));
  }
}

/** Keys of a finding that stand in the record itself. */
const findingKeys = ['rule', 'severity', 'message', 'records', 'spec', 'remedy'];
