/** Pairs for the engine, from the options of the command line or a configuration file. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KnownDevice } from '../decode/device.ts';
import type { Side } from '../decode/side.ts';
import { deviceBySocketName, knownDevice } from '../launch/device.ts';
import { deviceOfBackEnd, deviceOfFrontEnd } from '../launch/peer.ts';
import type { PairOptions } from '../proxy/engine.ts';
import type { Endpoint } from './endpoint.ts';
import { nameFrom } from './endpoint.ts';
import { UsageError } from './usage.ts';

/** A pair as people describe it; what is absent takes the engine's default. */
export interface PairDescription {
  name?: string | undefined;
  frontEnd: Endpoint;
  backEnd: Endpoint;
  /** The device type, where somebody says it. */
  device?: KnownDevice | undefined;
  waitBackEnd?: boolean | undefined;
  preserveSegments?: boolean | undefined;
  interpose?: boolean | undefined;
  snaplen?: number | undefined;
  keepSecrets?: boolean | undefined;
  socketMode?: number | undefined;
  /** `USER`, `USER:GROUP` or `:GROUP`, by name or number. */
  socketOwner?: string | undefined;
}

/** The number of a user or group in /etc/passwd or /etc/group; throws UsageError. */
function idOf(name: string, file: '/etc/passwd' | '/etc/group'): number {
  if (/^\d+$/.test(name)) return Number(name);
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find(each => each.startsWith(`${name}:`));
  const id = line?.split(':')[2];
  if (id === undefined)
    throw new UsageError(`--socket-owner: no ${file === '/etc/group' ? 'group' : 'user'} '${name}' in ${file}`);
  return Number(id);
}

/** Reads `USER:GROUP`, each by name or number and either absent; throws UsageError. */
function parseOwner(text: string): { uid?: number; gid?: number } {
  const match = /^([^:]*)(?::([^:]+))?$/.exec(text);
  if (!match || text === '') throw new UsageError(`--socket-owner: expected USER, USER:GROUP or :GROUP, not '${text}'`);
  const [, user, group] = match;
  return { ...(user && { uid: idOf(user, '/etc/passwd') }), ...(group && { gid: idOf(group, '/etc/group') }) };
}

/** The device type that the user names by its virtio id. */
export function toldDevice(id: number | undefined): KnownDevice | undefined {
  return id === undefined ? undefined : { id, from: 'option', reason: '--device', confidence: 'certain' };
}

/** The device type that the name of one of the sockets speaks of. */
function deviceBySockets({ frontEnd, backEnd }: PairDescription): KnownDevice | undefined {
  for (const side of [backEnd, frontEnd]) {
    if (side.role === 'fd') continue;
    const guess = deviceBySocketName('path' in side.address ? side.address.path : side.address.abstract);
    if (guess) return knownDevice(guess);
  }
  return undefined;
}

/** The device type that the command line of a pair's peer tells, once it is known. */
export function deviceOfPeer(
  { frontEnd }: PairOptions,
  side: Side,
  commandLine: readonly string[],
): KnownDevice | undefined {
  if (side === 'back-end') return deviceOfBackEnd(commandLine);
  if (frontEnd.role === 'fd') return deviceOfFrontEnd(commandLine, undefined);
  const { address } = frontEnd;
  return deviceOfFrontEnd(
    commandLine,
    'path' in address
      ? { kind: 'path', path: resolve(address.path) }
      : { kind: 'abstract', name: address.abstract.replace(/\0+$/, ''), padded: false },
  );
}

/** Makes names unique and fills in what the engine needs. Throws UsageError. */
export function preparePairs(descriptions: readonly PairDescription[]): PairOptions[] {
  const taken = new Set<string>();
  return descriptions.map(pair => {
    const base = pair.name ?? nameFrom(pair.frontEnd.role === 'fd' ? pair.backEnd : pair.frontEnd);
    let name = base;
    for (let count = 2; taken.has(name); count++) {
      if (pair.name !== undefined) throw new UsageError(`two pairs are named '${name}'`);
      name = `${base}-${count}`;
    }
    taken.add(name);
    const access = {
      ...(pair.socketMode !== undefined && { mode: pair.socketMode }),
      ...(pair.socketOwner !== undefined && parseOwner(pair.socketOwner)),
    };
    const side = (endpoint: Endpoint) => (endpoint.role === 'listen' ? { ...endpoint, ...access } : endpoint);
    const device = pair.device ?? deviceBySockets(pair);
    const { waitBackEnd, preserveSegments, interpose, keepSecrets, snaplen } = pair;
    return {
      name,
      frontEnd: side(pair.frontEnd),
      backEnd: side(pair.backEnd),
      ...(device !== undefined && { device }),
      ...(waitBackEnd !== undefined && { waitBackEnd }),
      ...(preserveSegments !== undefined && { preserveSegments }),
      ...(interpose !== undefined && { interpose }),
      ...(keepSecrets !== undefined && { keepSecrets }),
      ...(snaplen !== undefined && { snapLength: { main: snaplen, 'backend-req': snaplen, gpu: snaplen } }),
    };
  });
}
