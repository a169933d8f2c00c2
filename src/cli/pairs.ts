/** Pairs for the engine, from the options of the command line or a configuration file. */
import { readFileSync } from 'node:fs';
import { type DeviceGuess, deviceBySocketName } from '../launch/device.ts';
import type { Engine, PairOptions } from '../proxy/engine.ts';
import type { Endpoint } from './endpoint.ts';
import { nameFrom } from './endpoint.ts';
import { UsageError } from './usage.ts';

/** A pair as people describe it; what is absent takes the engine's default. */
export interface PairDescription {
  name?: string | undefined;
  frontEnd: Endpoint;
  backEnd: Endpoint;
  /** Virtio device id. */
  device?: number | undefined;
  waitBackEnd?: boolean | undefined;
  preserveSegments?: boolean | undefined;
  interpose?: boolean | undefined;
  snaplen?: number | undefined;
  keepSecrets?: boolean | undefined;
  socketMode?: number | undefined;
  /** `USER`, `USER:GROUP` or `:GROUP`, by name or number. */
  socketOwner?: string | undefined;
}

/** A pair ready for the engine, and how its device type is known where that was guessed. */
export interface PreparedPair {
  options: PairOptions;
  guess?: DeviceGuess;
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
export function parseOwner(text: string): { uid?: number; gid?: number } {
  const match = /^([^:]*)(?::([^:]+))?$/.exec(text);
  if (!match || text === '') throw new UsageError(`--socket-owner: expected USER, USER:GROUP or :GROUP, not '${text}'`);
  const [, user, group] = match;
  return { ...(user && { uid: idOf(user, '/etc/passwd') }), ...(group && { gid: idOf(group, '/etc/group') }) };
}

/** The device type that the name of one of the sockets speaks of. */
function guessOf({ frontEnd, backEnd }: PairDescription): DeviceGuess | undefined {
  for (const side of [backEnd, frontEnd]) {
    if (side.role === 'fd') continue;
    const guess = deviceBySocketName('path' in side.address ? side.address.path : side.address.abstract);
    if (guess) return guess;
  }
  return undefined;
}

/** Makes names unique and fills in what the engine needs. Throws UsageError. */
export function preparePairs(descriptions: readonly PairDescription[]): PreparedPair[] {
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
    const guess = pair.device === undefined ? guessOf(pair) : undefined;
    const device = pair.device ?? guess?.id;
    const { waitBackEnd, preserveSegments, interpose, keepSecrets, snaplen } = pair;
    const options: PairOptions = {
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
    return guess ? { options, guess } : { options };
  });
}

/** Puts into the recording how the device types were guessed. */
export function recordGuesses(engine: Engine, pairs: readonly PreparedPair[]): void {
  for (const { options, guess } of pairs) {
    if (guess)
      engine.record({ event: 'device', device: guess.id, name: guess.name, reason: guess.reason }, options.name);
  }
}
