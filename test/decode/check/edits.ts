/**
 * Scripted edits of real recordings: what a rule must find is made by changing one thing in what real peers said. An edit
 * names a message by its name, `=` behind it for the reply, and takes the first one of the recording.
 */
import { encodeMessage, type Outgoing } from '../../../src/decode/encode.ts';
import type { FdIdentity, Frame } from '../../../src/decode/frame.ts';
import { decodeFrame } from '../../../src/decode/message.ts';

/** A change of a recording. */
export type Edit = (frames: readonly Frame[]) => Frame[];

/** Whether a frame is the message of a name; `NAME=` is its reply, `NAME@n` the one with that ring index or value. */
function isIt(frame: Frame, name: string): boolean {
  if (frame.kind !== 'message') return false;
  const message = decodeFrame(frame);
  return name.endsWith('=')
    ? message.reply && message.name === name.slice(0, -1)
    : !message.reply && message.name === name;
}

function indexOf(frames: readonly Frame[], name: string): number {
  const at = frames.findIndex(frame => isIt(frame, name));
  if (at < 0) throw new Error(`the recording has no ${name}`);
  return at;
}

function withBytes(frame: Frame, bytes: Uint8Array): Frame {
  return { ...frame, bytes, wireLength: bytes.length };
}

/** Encodes a message anew with some of its fields changed. */
function recoded(frame: Frame, changes: object, more: Partial<Outgoing> = {}): Frame {
  const { name, payload, reply, needReply, spec } = decodeFrame(frame);
  const { channel, dir } = frame;
  const outgoing: Outgoing = {
    channel,
    dir,
    spec,
    name,
    reply,
    needReply,
    payload: { ...payload, ...changes },
    ...more,
  };
  return withBytes(frame, encodeMessage(outgoing, frame.context));
}

/** Changes the first message of a name. */
export const change =
  (name: string, how: (frame: Frame) => Frame): Edit =>
  frames => {
    const at = indexOf(frames, name);
    return frames.map((frame, i) => (i === at ? how(frame) : frame));
  };

/** Gives fields of it other values. */
export const set = (name: string, fields: object): Edit => change(name, frame => recoded(frame, fields));

/** Gives it other facts: descriptors, how it arrived, what is known of the session. */
export const arriving = (name: string, facts: Partial<Frame>): Edit => change(name, frame => ({ ...frame, ...facts }));

/** Lets it come with descriptors of these kinds. */
export const withFds = (name: string, ...kinds: FdIdentity['kind'][]): Edit =>
  arriving(name, { fds: kinds.map(kind => ({ kind })), fdCount: kinds.length });

/** Changes the 32-bit words of its header: number, flags. */
export const header = (name: string, words: { id?: number; flags?: number }): Edit =>
  change(name, frame => {
    const bytes = frame.bytes.slice();
    const view = new DataView(bytes.buffer);
    if (words.id !== undefined) view.setUint32(0, words.id, true);
    if (words.flags !== undefined) view.setUint32(4, words.flags, true);
    return withBytes(frame, bytes);
  });

/** Makes its payload longer or shorter by so many bytes. */
export const resized = (name: string, by: number): Edit =>
  change(name, frame => {
    const bytes = new Uint8Array(frame.bytes.length + by);
    bytes.set(frame.bytes.subarray(0, bytes.length));
    new DataView(bytes.buffer).setUint32(8, bytes.length - 12, true);
    return withBytes(frame, bytes);
  });

/** Overwrites bytes of it, from an offset of the whole message. */
export const patched = (name: string, offset: number, ...values: number[]): Edit =>
  change(name, frame => {
    const bytes = frame.bytes.slice();
    bytes.set(values, offset);
    return withBytes(frame, bytes);
  });

/** Keeps only the first bytes of it, and takes them for no message. */
export const cutTo = (name: string, length: number): Edit =>
  change(name, frame => ({ ...withBytes(frame, frame.bytes.slice(0, length)), kind: 'raw' }));

/** Changes what is known of its descriptors. */
export const describing = (name: string, facts: Partial<FdIdentity>): Edit =>
  change(name, frame => ({ ...frame, fds: frame.fds.map(fd => ({ ...fd, ...facts })) }));

/** Lets other programs hold the sockets. */
export const runBy =
  (frontEnd: string, backEnd: string): Edit =>
  frames =>
    frames.map(({ context: { frontEnd: _, backEnd: __, ...context }, ...frame }) => {
      if (frame.kind !== 'event') return { ...frame, context };
      const body = JSON.parse(new TextDecoder().decode(frame.bytes));
      if (body.event === 'peer') {
        body.executable = `/usr/bin/${body.side === 'front-end' ? frontEnd : backEnd}`;
        delete body.version;
      }
      if (body.event === 'connected') [body.front_end.comm, body.back_end.comm] = [frontEnd, backEnd];
      return { ...frame, context, bytes: new TextEncoder().encode(JSON.stringify(body)) };
    });

/** Leaves out the first message of a name. */
export const without =
  (name: string): Edit =>
  frames =>
    frames.filter((_, i) => i !== indexOf(frames, name));

/** Leaves out all messages of the names. */
export const withoutAll =
  (...names: string[]): Edit =>
  frames =>
    frames.filter(frame => !names.some(name => isIt(frame, name)));

/** Says a message twice. */
export const twice =
  (name: string): Edit =>
  frames => {
    const at = indexOf(frames, name);
    return [...frames.slice(0, at + 1), ...frames.slice(at)];
  };

/** Numbers of messages that are put in, above those of every recording. */
let lastMade = 1_000_000;

/** Puts another message behind the first one of a name. */
export const after =
  (name: string, outgoing: Outgoing, facts: Partial<Frame> = {}): Edit =>
  frames => {
    const at = indexOf(frames, name);
    const model = frames[at] as Frame;
    const bytes = encodeMessage(outgoing, model.context);
    const { channel, dir } = outgoing;
    const { fds = [] } = facts;
    const own = { n: ++lastMade, channel, fds, fdCount: fds.length, offset: 1 };
    const made = withBytes({ ...model, ...own, ...(dir && { dir }), ...facts }, bytes);
    delete made.answers;
    return [...frames.slice(0, at + 1), made, ...frames.slice(at + 1)];
  };

/** Says a message again behind the first one of another name. */
export const again =
  (name: string, behind: string): Edit =>
  frames => {
    const at = indexOf(frames, behind);
    const copy = { ...(frames[indexOf(frames, name)] as Frame), n: ++lastMade, offset: 1 };
    return [...frames.slice(0, at + 1), copy, ...frames.slice(at + 1)];
  };

/** Puts another message behind the last one. */
export const atLast =
  (outgoing: Outgoing): Edit =>
  frames => {
    const at = frames.findLastIndex(frame => frame.kind === 'message');
    const model = frames[at] as Frame;
    const { channel, dir } = outgoing;
    const own = { n: ++lastMade, channel, fds: [], fdCount: 0, offset: 1, ...(dir && { dir }) };
    const made = withBytes({ ...model, ...own }, encodeMessage(outgoing, model.context));
    delete made.answers;
    return [...frames.slice(0, at + 1), made, ...frames.slice(at + 1)];
  };

/** One edit after the other. */
export const both =
  (...edits: Edit[]): Edit =>
  frames =>
    edits.reduce((now, edit) => edit(now), [...frames]);

/** A request of the front-end on the main connection. */
export const asks = (name: string, payload: object = {}, more: Partial<Outgoing> = {}): Outgoing => ({
  channel: 'main',
  dir: 'front-to-back',
  name,
  payload: payload as NonNullable<Outgoing['payload']>,
  ...more,
});

/** A request of the back-end, on its own channel. */
export const tells = (name: string, payload: object = {}, more: Partial<Outgoing> = {}): Outgoing => ({
  ...asks(name, payload, more),
  channel: 'backend-req',
  dir: 'back-to-front',
});
