/**
 * A message that is being written: one that is held, with other values, or one of our own. It is its bytes and the
 * descriptors to go with it; every change makes new bytes, sizes and counts made to fit. Pure.
 */
import type { HeldStatus } from '../../control/messages.ts';
import { changed, withFields, withListed } from '../../decode/edit.ts';
import { EncodeError } from '../../decode/encode-value.ts';
import type { Channel, Context, Direction, FdIdentity } from '../../decode/frame.ts';
import type { Envelope } from '../../decode/message.ts';
import { SyntaxProblem } from '../../decode/syntax-problem.ts';
import { parseFd } from '../../decode/text/descriptors.ts';
import { LineWriter } from '../../decode/text/line.ts';
import { encodeLine, parseLine } from '../../decode/text/parse.ts';
import type { Flaw } from '../prompts/prompt.ts';
import { contextOf } from '../stepping/agreed.ts';
import type { Entry } from './fields.ts';

/** What of the header may be other than what follows from the rest. */
export type Insisted = 'flags' | 'size';

/** A message that is being written. */
export interface Draft {
  /** The held message that is to be changed; absent for one of our own. */
  readonly of?: number;
  readonly channel: Channel;
  readonly dir: Direction;
  readonly context: Context;
  /** As it was before anything was changed. */
  readonly before: Uint8Array;
  /** As it is now, but for what is insisted on. */
  readonly bytes: Uint8Array;
  readonly insisted: { readonly [what in Insisted]?: string };
  /** What came with the held message. */
  readonly came: readonly FdIdentity[];
  /** What goes with it: places among those that came, and fresh ones, as `ctl edit --fds` takes them. */
  readonly fds: readonly string[];
  /** Of one of our own: the reply is kept from the side that did not ask. */
  readonly keepReply: boolean;
  /** Of one of our own: the connection, where there are several. */
  readonly connection?: number;
  /** What could not be taken over, by the field. */
  readonly flaws: { readonly [path: string]: string };
  /** The draft before the last change. */
  readonly last?: Draft;
}

/** What must be known of the draft beside its bytes. */
export function envelopeOf({ channel, dir, context, fds }: Draft): Envelope {
  return { channel, dir, context, fdCount: fds.length };
}

/** The bytes that would be sent. */
export function bytesOf(draft: Draft): Uint8Array {
  const insisted = Object.entries(draft.insisted).map(([what, value]) => `!${what}=${value}`);
  return insisted.length === 0 ? draft.bytes : withFields(draft.bytes, envelopeOf(draft), insisted.join(' '));
}

/** What is wrong with a value for a field, and where in it. */
export function flawOf(draft: Draft, path: string, text: string): Flaw | undefined {
  try {
    withFields(draft.bytes, envelopeOf(draft), `${path}=${text}`);
    return undefined;
  } catch (error) {
    return explained(error, path.length + 1, text.length);
  }
}

/** The draft with a field assigned. What cannot be taken over is told at the field, and changes nothing. */
export function assigned(draft: Draft, path: string, text: string): Draft {
  const flaw = text === '' ? { column: 0, message: 'expected a value' } : flawOf(draft, path, text);
  if (flaw) return { ...draft, flaws: { ...draft.flaws, [path]: `${text}: ${flaw.message}` } };
  const { [path]: _, ...flaws } = draft.flaws;
  return changedTo({ ...draft, flaws }, { bytes: withFields(draft.bytes, envelopeOf(draft), `${path}=${text}`) });
}

/** What is done to an entry of a list. */
export type EntryChange = 'add' | 'remove' | 'duplicate';

/** The draft with an entry more or less; the count follows, and so does the descriptor that belongs to it. */
export function withEntry(draft: Draft, { list, at, kind, fds: tied }: Entry, what: EntryChange): Draft {
  if (kind === 'table') return assigned(draft, `${list}[${at}]`, '0');
  const bytes = withListed(draft.bytes, envelopeOf(draft), list, (entries, blank) =>
    what === 'add' ? [...entries, blank] : spliced(entries, at, what),
  );
  return changedTo(draft, { bytes, fds: tied && what !== 'add' ? spliced(draft.fds, at, what) : draft.fds });
}

function spliced<T>(all: readonly T[], at: number, what: 'remove' | 'duplicate'): T[] {
  const again = what === 'duplicate' ? all.slice(at, at + 1) : [];
  return [...all.slice(0, at), ...again, ...all.slice(what === 'duplicate' ? at : at + 1)];
}

/** The draft with something else in it; the change can be taken back. */
export function changedTo(draft: Draft, change: Partial<Draft>): Draft {
  const { last: _, ...before } = draft;
  return { ...draft, ...change, last: draft.last ? { ...before, last: draft.last } : before };
}

/** The draft before the last change. */
export function undone(draft: Draft): Draft {
  return draft.last ?? draft;
}

/** Whether anything would be sent that is not as it came. */
export function isChanged(draft: Draft): boolean {
  const kept = draft.fds.length === draft.came.length && draft.fds.every((fd, i) => fd === String(i));
  return !kept || hexOf(bytesOf(draft)) !== hexOf(draft.before);
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** What is wrong, at a column from which so many characters of other text are taken off. */
export function explained(error: unknown, before: number, length: number): Flaw {
  if (error instanceof SyntaxProblem) {
    const column = Math.max(0, Math.min(error.column - before, length));
    return { column, message: error.message };
  }
  if (error instanceof EncodeError) return { column: 0, message: error.message };
  throw error;
}

/** A draft for a message that is held. Throws nothing: what cannot be sent any more has no bytes, and no draft. */
export function draftOf(held: HeldStatus): Draft | undefined {
  const { n, channel, direction: dir, bytes, fds: came, sends } = held;
  if (bytes === undefined) return undefined;
  const blank = { context: contextOf(held), insisted: {}, keepReply: false, flaws: {} };
  return { of: n, channel, dir, before: bytes, bytes, came, fds: sends, ...blank };
}

/** A draft for a message of our own. */
export function newDraft(
  message: Pick<Draft, 'channel' | 'dir' | 'context' | 'bytes'> & { readonly fds: readonly FdIdentity[] },
): Draft {
  const { fds, ...rest } = message;
  return { ...rest, before: rest.bytes, came: [], fds: fds.map(freshLike), insisted: {}, keepReply: false, flaws: {} };
}

/** A fresh descriptor of the kind of another one, as it is written. */
function freshLike({ kind, size }: FdIdentity): string {
  if (kind === 'memfd' || kind === 'hugetlb' || kind === 'file') return `memfd:${size ?? 4096}`;
  return kind === 'eventfd' ? 'eventfd' : 'null';
}

/** The draft as a transcript line. */
export function lineOf(draft: Draft, ascii = false): string {
  const { channel, dir, context, came, fds } = draft;
  const bytes = bytesOf(draft);
  const sent = fds.map((fd): FdIdentity => came[Number(fd)] ?? freshIdentity(fd));
  const writer = new LineWriter({ ascii });
  writer.said({
    ...{ n: 0, kind: 'message', pair: '', channel, dir, context, session: 0, epoch: 0, wallNs: 0n, receivedNs: 0n },
    ...{ sentNs: 0n, offset: 0, bytes, wireLength: bytes.length, fds: sent, fdCount: sent.length },
  });
  return writer.out.textFrom(0);
}

/** What a fresh descriptor is, as far as its description says. */
function freshIdentity(written: string): FdIdentity {
  return parseFd(written) ?? { kind: written === 'eventfd' ? 'eventfd' : 'device' };
}

/** The message of a line, in place of what the draft has. @throws SyntaxProblem or EncodeError */
export function withLine(draft: Draft, text: string): Draft {
  const line = parseLine(text);
  const bytes = encodeLine(line, draft.context);
  const { channel, dir } = draft.of === undefined ? line : draft;
  const fds =
    line.fds.length === 0
      ? draft.fds
      : line.fds.map((fd, i) => (draft.came[i]?.kind === fd.kind ? String(i) : freshLike(fd)));
  return changedTo(draft, { bytes, channel, dir, fds, insisted: {}, flaws: {} });
}

/** The message of hexadecimal digits, header included. @throws SyntaxProblem or EncodeError */
export function withHex(draft: Draft, text: string): Draft {
  return changedTo(draft, { bytes: changed(draft.bytes, envelopeOf(draft), { hex: text }), insisted: {}, flaws: {} });
}
