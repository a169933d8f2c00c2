/** What an engine is started with, and what follows from it. */
import { release } from 'node:os';
import type { KnownDevice } from '../decode/device.ts';
import type { Channel } from '../decode/frame.ts';
import { addressText, socketNature } from '../sys/socket.ts';
import type { SideOptions } from './gate.ts';
import type { ArmedRule } from './hold/rule.ts';
import type { Rotation } from './recorder.ts';
import type { PairSetting, Reach } from './reports.ts';

/** One pair of a front-end and a back-end. */
export interface PairOptions {
  /** Names the pair in the capture: its interfaces are `name/main` and so on. */
  name: string;
  frontEnd: SideOptions;
  backEnd: SideOptions;
  /** The device type, where it is known beforehand. */
  device?: KnownDevice;
  /** Listen even while the back-end is absent, and keep front-ends waiting for it. */
  waitBackEnd?: boolean;
  /** Send messages on in the pieces in which they came. */
  preserveSegments?: boolean;
  /** Record the sockets that are passed over the main connection as channels too; default true. */
  interpose?: boolean;
  /** Bytes of a message that are recorded at most, by channel; 4096 on the gpu channel by default. */
  snapLength?: { readonly [channel in Channel]?: number };
  /** Record keys as they are. */
  keepSecrets?: boolean;
}

/** Where and how to record. */
export interface CaptureOptions {
  path: string;
  /** Ask the disk to store it at least every so many milliseconds. */
  fsyncMs?: number;
  rotation?: Rotation;
  /** Close all connections rather than let one go on unrecorded. */
  required?: boolean;
}

/** What an engine is started with. */
export interface EngineOptions {
  pairs: readonly PairOptions[];
  capture: CaptureOptions;
  /** The program and its version, `vhuscope 1.2.3`. */
  version: string;
  /** Rules from files, and breakpoints, in force before the first message. */
  rules?: readonly ArmedRule[];
  breakpoints?: readonly ArmedRule[];
  /** Bytes of the ring between relay and recorder, a power of two; 32 MiB by default. */
  ringBytes?: number;
}

const defaultGpuSnapLength = 4096;

/** Throws, for people, where pairs cannot be as they are described. */
export function checkPairs(pairs: readonly PairOptions[]): void {
  const places = new Map<string, string>();
  for (const { name, frontEnd, backEnd } of pairs) {
    if (name === '' || name.includes('/')) throw new Error(`a pair cannot be named '${name}'`);
    if (places.has(`pair ${name}`)) throw new Error(`two pairs are named ${name}`);
    places.set(`pair ${name}`, name);
    for (const side of [frontEnd, backEnd]) {
      if (side.role === 'fd') {
        if (socketNature(side.fd) === 'other') throw new Error(`descriptor ${side.fd} is not a UNIX stream socket`);
        continue;
      }
      const place = addressText(side.address);
      const taken = places.get(place);
      if (taken === name) throw new Error(`both sides of ${name} are ${place}`);
      if (taken !== undefined && side.role === 'listen') throw new Error(`${place} is used by ${taken} and by ${name}`);
      places.set(place, name);
    }
  }
}

/** What the relay must know of a pair. */
export function settingOf(pair: PairOptions): PairSetting {
  return {
    name: pair.name,
    frontEnd: reachOf(pair.frontEnd),
    backEnd: reachOf(pair.backEnd),
    ...(pair.device !== undefined && { device: pair.device }),
    waitBackEnd: pair.waitBackEnd ?? false,
    preserveSegments: pair.preserveSegments ?? false,
    interpose: pair.interpose ?? true,
    snapLength: { gpu: defaultGpuSnapLength, ...pair.snapLength },
    keepSecrets: pair.keepSecrets ?? false,
  };
}

function reachOf(side: SideOptions): Reach {
  if (side.role === 'connect') return { role: 'connect', address: side.address };
  // A listening socket that was handed to us is one we accept on, like our own.
  if (side.role === 'fd' && socketNature(side.fd) === 'connection') return side;
  return { role: 'listen' };
}

/** The event a recording of a pair begins with. */
export function startedEvent(pair: PairOptions, engine: string): { event: string } & Record<string, unknown> {
  return {
    ...{ event: 'started', engine, kernel: release(), pid: process.pid, pair: pair.name },
    front_end: roleText(pair.frontEnd),
    back_end: roleText(pair.backEnd),
    ...(pair.device !== undefined && { device: pair.device.id }),
  };
}

function roleText(side: SideOptions): { role: string; address: string } {
  return { role: side.role, address: side.role === 'fd' ? String(side.fd) : addressText(side.address) };
}
