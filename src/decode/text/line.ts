/**
 * One line for each record: number, time, who speaks, the message, its telling fields, descriptors, and behind ` # `
 * what is only said about it.
 *
 * ```
 *     15   0.003104  F→B SET_VRING_CALL index=0 fd=eventfd#3
 *     16   0.003377  F→B GET_FEATURES
 *     17   0.003702  F←B └ GET_FEATURES = RING_EVENT_IDX|PROTOCOL_FEATURES|VERSION_1  # 0.33 ms
 * ```
 * Everything before the remark can be read back (`parse.ts`) and written to the same bytes.
 */
import { messageByName } from '../catalog.ts';
import type { Frame } from '../frame.ts';
import { needReplyFlag, protocolVersion, replyFlag, requester } from '../header.ts';
import { LineBuffer } from '../line-buffer.ts';
import { type Outline, outlineOf } from '../outline.ts';
import { plain } from '../plain.ts';
import { knownTo } from '../session/known-to.ts';
import { otherSide, sideOf } from '../side.ts';
import type { RecordFacts } from '../timing.ts';
import { writeBytes } from './bytes.ts';
import { writeFds } from './descriptors.ts';
import { eventSentence } from './event.ts';
import { FieldWriter } from './fields.ts';
import { lengthMatters, textLayout } from './layout.ts';
import { inColour, inPlain, type Paint, paint } from './paint.ts';
import { Remarks } from './remarks.ts';

/** How lines look. */
export interface LineStyle {
  /** With the colours of a terminal. */
  colour?: boolean;
  /** Only ASCII characters of our own. */
  ascii?: boolean;
}

const signs = {
  unicode: { 'front-to-back': 'F→B ', 'back-to-front': 'F←B ', none: '─── ', reply: '└ ' },
  ascii: { 'front-to-back': 'F->B ', 'back-to-front': 'F<-B ', none: '---- ', reply: "'- " },
} as const;

const encoder = new TextEncoder();

/** Writes lines into a buffer. */
export class LineWriter {
  readonly out: LineBuffer;
  readonly #paint: Paint;
  readonly #fields: FieldWriter;
  readonly #remarks: Remarks;
  readonly #signs: { readonly [sign in keyof typeof signs.ascii]: Uint8Array };
  /** The pair most records belong to: it is named only on the others. */
  #pair: string | undefined;

  constructor(style: LineStyle = {}, out = new LineBuffer()) {
    this.out = out;
    this.#paint = style.colour ? inColour : inPlain;
    this.#fields = new FieldWriter(out, this.#paint);
    this.#remarks = new Remarks(out, this.#paint, style.ascii === true);
    const shown = style.ascii ? signs.ascii : signs.unicode;
    this.#signs = {
      'front-to-back': encoder.encode(shown['front-to-back']),
      'back-to-front': encoder.encode(shown['back-to-front']),
      none: encoder.encode(shown.none),
      reply: encoder.encode(shown.reply),
    };
  }

  /** Appends the line of a record, without a line end. */
  write(frame: Frame, facts: RecordFacts): void {
    const { out } = this;
    out.decimal(frame.n, 6, 0x20);
    this.#time(facts.sinceFirstNs);
    this.#origin(frame);
    const sound = this.said(frame);
    this.#remarks.write(frame, facts, sound, frame.sentBytes?.length ? sentText(frame) : undefined);
  }

  /** Appends what can be read back of a record: who speaks and what. False where a message is not as declared. */
  said(frame: Frame): boolean {
    this.#arrow(frame);
    if (frame.kind === 'message') return this.#message(frame);
    if (frame.kind === 'raw') this.#raw(frame);
    else this.#event(frame);
    return true;
  }

  #time(ns: number): void {
    const { out } = this;
    const micros = Math.floor(Math.abs(ns) / 1000);
    const seconds = Math.floor(micros / 1_000_000);
    this.#paint(out, paint.faint);
    out.ascii(ns < 0 ? ' -' : ' ');
    out.decimal(seconds, 4, 0x20);
    out.ascii('.');
    out.decimal(micros - seconds * 1_000_000, 6);
    out.ascii('  ');
    this.#paint(out, paint.none);
  }

  /** Pair and session, where they are not the usual ones. */
  #origin(frame: Frame): void {
    const { out } = this;
    this.#pair ??= frame.pair;
    const elsewhere = frame.pair !== this.#pair;
    if (!elsewhere && frame.session <= 1 && frame.epoch <= 1) return;
    out.ascii('[');
    if (elsewhere) out.text(`${plain(frame.pair)} `);
    out.decimal(frame.session);
    out.ascii('.');
    out.decimal(frame.epoch);
    out.ascii('] ');
  }

  #arrow(frame: Frame): void {
    const { out } = this;
    const { dir } = frame;
    if (dir === undefined || frame.kind === 'event' || frame.kind === 'finding') out.copy(this.#signs.none);
    else {
      this.#paint(out, dir === 'front-to-back' ? paint.frontEnd : paint.backEnd);
      out.copy(this.#signs[dir]);
      this.#paint(out, paint.none);
    }
  }

  #message(frame: Frame): boolean {
    const { out } = this;
    const outline = outlineOf(frame);
    if (!outline) {
      out.ascii('TRUNCATED');
      this.#rest(frame.bytes, 0, frame.bytes.length);
      writeFds(out, this.#paint, frame.fds, frame.fdCount ?? frame.fds.length);
      return false;
    }
    const { reply, flags, source } = outline;
    if (reply && frame.answers !== undefined) out.copy(this.#signs.reply);
    this.#name(frame, outline);
    if (reply) out.ascii(' =');
    else if (frame.channel !== 'gpu' && (flags & needReplyFlag) !== 0) out.ascii(' need_reply');
    const whole = this.#payload(outline);
    const regular = this.#irregular(frame, outline);
    writeFds(out, this.#paint, frame.fds, source.fdCount);
    return whole && regular;
  }

  #name(frame: Frame, { spec, id }: Outline): void {
    const { out } = this;
    this.#paint(out, paint.name);
    const { channel } = frame;
    // Most names tell their channel, numbers do not.
    if (channel !== 'main' && !(spec && messageByName(spec.name)?.channel === channel)) out.ascii(`${channel}:`);
    if (spec) out.word(spec.name);
    else out.ascii(`UNKNOWN(${id})`);
    this.#paint(out, paint.none);
  }

  /** Fields and surplus bytes; true where the payload is as declared, false where nothing is declared. */
  #payload({ source, spec, struct, reply, end }: Outline): boolean {
    const { out } = this;
    const { start, bytes } = source;
    const walked = struct ? this.#fields.write(textLayout(struct, spec?.telling), source) : { at: start, whole: true };
    this.#rest(bytes, walked.at, end);
    const cut = end < start + source.size;
    if (cut || !walked.whole || (spec && struct && lengthMatters(spec, reply, struct))) {
      out.ascii(' !length=');
      out.decimal(end - start);
      if (cut) {
        out.ascii('/');
        out.decimal(source.size);
      }
    }
    return spec !== undefined && (cut || !struct || (walked.whole && walked.at === end));
  }

  #rest(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.out.ascii(' +');
    writeBytes(this.out, bytes, start, end);
  }

  /** What the header says against the rule; true where there is nothing of that kind. */
  #irregular(frame: Frame, { flags, reply, size, source }: Outline): boolean {
    const { out } = this;
    const gpu = frame.channel === 'gpu';
    const regular = (gpu ? 0 : protocolVersion) | (reply ? replyFlag : 0) | (gpu || reply ? 0 : flags & needReplyFlag);
    if (flags !== regular) {
      out.ascii(' !flags=');
      out.hex(flags);
    }
    if (size !== source.size) {
      out.ascii(' !size=');
      out.decimal(size);
    }
    return gpu || (flags === regular && reply !== (frame.dir === requester(frame.channel)));
  }

  #raw(frame: Frame): void {
    this.out.ascii('RAW');
    this.#rest(frame.bytes, 0, frame.bytes.length);
    writeFds(this.out, this.#paint, frame.fds, frame.fdCount ?? frame.fds.length);
  }

  #event(frame: Frame): void {
    this.#paint(this.out, paint.event);
    this.out.text(eventSentence(frame));
    this.#paint(this.out, paint.none);
  }
}

/** What was sent on in place of a message, as its line says it. */
function sentText(frame: Frame): string {
  const { answers: _, ...sent } = knownTo(otherSide(sideOf(frame.dir ?? 'back-to-front')), frame) ?? frame;
  const writer = new LineWriter({ ascii: true });
  writer.said(sent);
  return writer.out.textFrom(signs.ascii['front-to-back'].length);
}
