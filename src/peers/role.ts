/** What makes a connection a front-end or a back-end: how requests are completed, answered and acted upon. */
import { writeSync } from 'node:fs';
import type { Payload } from '../decode/decode.ts';
import type { Context } from '../decode/frame.ts';
import type { Message } from '../decode/message.ts';
import type { Session } from '../decode/session/session.ts';
import type { Side } from '../decode/side.ts';
import { type Device, DeviceRings } from '../sys/device-rings.ts';
import { type Resources, readSome } from '../sys/resources.ts';
import { type Answer, backEndAnswers, frontEndAnswers } from './answers.ts';
import type { Connection } from './connection.ts';
import type { Driver } from './driver.ts';
import { backEndRequests, frontEndRequests, type Made } from './requests.ts';
import type { Step } from './script.ts';
import type { BackEndTraits, FrontEndTraits } from './traits.ts';

/** A side of the protocol, as a connection sees it. */
export interface Role {
  readonly side: Side;
  readonly context: Context;
  readonly resources: Resources;
  /** How long to wait for anything, ms. */
  readonly patience: number;
  /** Replies repeat need_reply of the request; they are written in two pieces. */
  readonly echoNeedReply: boolean;
  readonly twoWrites: boolean;
  /** Somebody wants the peer to end. */
  stopped(): boolean;
  /** The default payload and descriptors of a request. */
  request(name: string, given: Payload, session: Session): Made;
  /** Whether it wants that request acknowledged. */
  wantsReply(name: string): boolean;
  /** Whether it acknowledges where that is asked for, and REPLY_ACK was negotiated or not. */
  acknowledges(negotiated: boolean): boolean;
  /** What a request is answered with; `own` where it has a reply of its own, not an acknowledgement. */
  answer(message: Message, session: Session): Answer & { own?: boolean };
  /** A request was answered; `fd` is the first descriptor that came with it. */
  answered?(message: Message, fd: number | undefined): void;
  /** The session has changed. */
  changed?(): void;
  /** Passes buffers through a ring; only a front-end can. */
  transfer?(step: Step & { do: 'transfer' }): Uint8Array;
}

/** What both roles need from their peer. */
export interface Setting {
  readonly resources: Resources;
  readonly patience: number;
  stopped(): boolean;
}

const empty: Made = { payload: {} };
const acknowledged: Answer = { payload: { result: 0 } };
const refused: Answer = { payload: { result: 1 } };

/** The role of a front-end; `driver` outlives the connection. */
export function frontEndRole(traits: FrontEndTraits, setting: Setting, driver: Driver, connection: Connection): Role {
  const { resources } = setting;
  const host = {
    session: () => connection.witness.session,
    descriptor: (n: number, at: number) => connection.witness.descriptor(n, at),
    until: (what: string, done: () => boolean) => connection.until(what, done),
    kick: (ring: number) => {
      if (host.session().vrings.byIndex.get(ring)?.kick?.fd) resources.signal(`kick ${ring}`);
      else connection.request('VRING_KICK', { index: ring });
    },
  };
  return {
    ...setting,
    side: 'front-end',
    context: { device: traits.device, frontEnd: traits.dialect },
    echoNeedReply: false,
    twoWrites: false,
    request: (name, given, session) => {
      const view = { traits, session, position: (ring: number) => driver.position(ring) };
      return frontEndRequests[name]?.(view, given) ?? empty;
    },
    wantsReply: name => traits.needReply === 'all' || traits.needReply.includes(name),
    acknowledges: () => true,
    answer: ({ name, payload, spec }) => {
      if (!spec) return refused;
      const answer = frontEndAnswers[name];
      return answer ? { ...answer({ traits }, payload), own: spec.reply.when !== 'ack' } : acknowledged;
    },
    transfer: ({ ring, out, in: into }) => driver.transfer(host, ring, out, into),
  };
}

/** The internal state that the simulated back-end gives away in a migration. */
const deviceState = Buffer.from('the state of a simulated device\n');

/** The role of a back-end; `device` outlives the connection. */
export function backEndRole(traits: BackEndTraits, setting: Setting, device: Device, connection: Connection): Role {
  const rings = new DeviceRings(
    {
      session: () => connection.witness.session,
      descriptor: (n, at) => connection.witness.descriptor(n, at),
      watch: (fd, ready) => connection.watch(fd, ready),
      callInBand: ring => connection.request('BACKEND_VRING_CALL', { index: ring }),
      miss: (iova, write) => {
        connection.request(
          'BACKEND_IOTLB_MSG',
          { iova, size: 1, permissions: write ? 'RW' : 'RO' },
          { pipelined: true },
        );
        connection.until('an IOTLB update', () => connection.witness.session.mappings.misses.length === 0);
      },
    },
    () => device,
  );
  const { habits } = traits;
  return {
    ...setting,
    side: 'back-end',
    context: { device: traits.device, backEnd: traits.dialect },
    echoNeedReply: habits.echoNeedReply,
    twoWrites: habits.twoWrites,
    request: (name, given) => backEndRequests[name]?.(undefined, given) ?? empty,
    wantsReply: () => false,
    acknowledges: negotiated => negotiated || habits.alwaysAcknowledges,
    answer: ({ name, payload, spec }, session) => {
      if (!spec) return { payload: { result: habits.refusal } };
      const answer = backEndAnswers[name];
      const view = { traits, session, position: (ring: number) => rings.position(ring) ?? 0 };
      const usual = answer ? { ...answer(view, payload), own: spec.reply.when !== 'ack' } : acknowledged;
      const oddity = traits.oddities?.[name];
      return oddity ? { ...usual, payload: oddity.payload ?? usual.payload, oddity } : usual;
    },
    answered: ({ name, payload }, fd) => {
      if (name === 'VRING_KICK') rings.serve(Number(payload.index));
      if (name !== 'SET_DEVICE_STATE_FD' || fd === undefined) return;
      if (payload.direction === 0) writeSync(fd, deviceState);
      else readSome(fd);
    },
    changed: () => rings.follow(),
  };
}
