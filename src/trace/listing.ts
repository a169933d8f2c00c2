/** A row of a trace as a list shows it. */
import type { Frame } from '../decode/frame.ts';
import { eventName } from '../decode/text/event.ts';
import { LineWriter } from '../decode/text/line.ts';
import type { ListedRow } from './questions.ts';
import type { Survey } from './survey.ts';
import type { Trace } from './trace.ts';

/** Writes what lists show of rows. */
export class Listing {
  readonly #trace: Trace;
  readonly #survey: Survey;
  readonly #coloured: LineWriter;
  readonly #plain: LineWriter;

  constructor(trace: Trace, survey: Survey, ascii: boolean) {
    this.#trace = trace;
    this.#survey = survey;
    this.#coloured = new LineWriter({ colour: true, ascii });
    this.#plain = new LineWriter({ ascii });
  }

  /** The row at a place of the trace. */
  row(at: number): ListedRow {
    const row = this.#trace.row(at);
    const { frame, message } = row;
    const { reply = false } = frame;
    const partner = this.#partner(at, frame);
    const previous = at > 0 ? this.#trace.frame(at - 1) : frame;
    const { pair, session, epoch, channel, dir, kind, n, wallNs } = frame;
    const latencyNs = reply ? row.latencyNs : partner >= 0 ? this.#trace.row(partner).latencyNs : undefined;
    const phase = this.#survey.phaseAt(at);
    const severity = this.#survey.severityAt(at);
    return {
      ...{ row: at, n, kind, channel, dir, pair, session, epoch, wallNs, reply },
      sinceFirstNs: row.sinceFirstNs,
      sincePreviousNs: Number(wallNs - previous.wallNs),
      name: message?.name ?? (kind === 'raw' ? 'RAW' : eventName(frame)),
      said: this.said(frame),
      fds: frame.fdCount ?? frame.fds.length,
      problems: message?.problems.length ?? (frame.damage === undefined ? 0 : 1),
      touched: frame.sentBytes !== undefined || frame.injected === true,
      ...(partner >= 0 && { partner }),
      ...(partner >= 0 && !reply && { answer: answered(this.said(this.#trace.frame(partner))) }),
      ...(latencyNs !== undefined && { latencyNs }),
      ...(phase && { phase }),
      ...(severity && { severity }),
    };
  }

  /** Who speaks and what, with the colours of a terminal. */
  said(frame: Frame): string {
    return lineOf(this.#coloured, frame);
  }

  /** The same without colours. */
  plainly(frame: Frame): string {
    return lineOf(this.#plain, frame);
  }

  #partner(at: number, frame: Frame): number {
    if (frame.answers !== undefined) return this.#trace.requestOf(at);
    return frame.kind === 'message' && !frame.reply ? this.#trace.replyTo(at) : -1;
  }
}

function lineOf(writer: LineWriter, frame: Frame): string {
  writer.out.truncate(0);
  writer.said(frame);
  return writer.out.textFrom(0);
}

/** What stands behind the equals sign of a reply's line. */
function answered(said: string): string {
  const at = said.indexOf(' =');
  return at < 0 ? '' : said.slice(at + 3);
}
