/**
 * Which virtio device a connection is for. The protocol never says it: the user may, or the command line of a peer, or
 * the name of the socket; else messages, configuration sizes and feature bits give it away, some surely, some hardly.
 * Each clue of theirs is an entry, kept so that a reader can judge.
 */
import { messagesOf } from './catalog.ts';
import { type Channel, channels, type DeviceSource } from './frame.ts';
import type { Message } from './message.ts';
import { type DeviceSpec, deviceByName, devices } from './spec/devices/index.ts';
import { protocolFeatures } from './spec/protocol-features.ts';
import { bitsOf, hasBit } from './u64.ts';

/** A device type, and how it is known. */
export interface KnownDevice {
  /** Virtio device id. */
  readonly id: number;
  readonly from: DeviceSource;
  /** Why, in one line. */
  readonly reason: string;
  readonly confidence: 'certain' | 'likely' | 'guess';
}

/**
 * Whether a device type is better known than what was known before. The user is always right, then the command line of
 * a peer; the name of a socket gives way to messages that only one device has. A guess counts for nothing.
 */
export function outweighs(next: KnownDevice, known: KnownDevice | undefined): boolean {
  return weightOf(next) > (known === undefined ? 0 : weightOf(known));
}

function weightOf({ from, confidence }: KnownDevice): number {
  if (from === 'messages') return { certain: 3, likely: 1, guess: 0 }[confidence];
  return { option: 5, 'command-line': 4, 'socket-name': 2 }[from];
}

/** How much a clue says: 3 only this device does so, 2 few others do, 1 it fits. */
type Weight = 1 | 2 | 3;

/** Something that speaks for a device type. */
interface Clue {
  readonly device: DeviceSpec;
  readonly text: string;
  readonly weight: Weight;
}

/** Messages that belong to one device type, without the numbers that private ones have at the end of their names. */
const telltales: { readonly [message: string]: string } = {
  NET_SET_MTU: 'net',
  SEND_RARP: 'net',
  CREATE_CRYPTO_SESSION: 'crypto',
  CLOSE_CRYPTO_SESSION: 'crypto',
  GPU_SET_SOCKET: 'gpu',
  BACKEND_FS_MAP: 'fs',
  BACKEND_FS_UNMAP: 'fs',
};

const plainName = (name: string): string => name.replace(/_\d+$/, '');

/** Lengths of GET_CONFIG from offset 0, and the devices whose front-ends ask for as much. */
const configLengths: { readonly [length: number]: readonly (readonly [device: string, weight: Weight])[] } = {
  8: [
    ['vsock', 2],
    ['gpio', 1],
  ],
  12: [['snd', 1]],
  16: [
    ['gpu', 2],
    ['snd', 1],
  ],
  20: [['gpu', 2]],
  32: [['spi', 2]],
  36: [
    ['blk', 2],
    ['scsi', 1],
  ],
  40: [['media', 2]],
  48: [['blk', 2]],
  57: [['blk', 3]],
  60: [['blk', 3]],
  96: [['blk', 3]],
  136: [['input', 3]],
};

/** Other messages that say something. */
const speaking = new Set([
  'GET_FEATURES',
  'SET_FEATURES',
  'SET_PROTOCOL_FEATURES',
  'GET_CONFIG',
  'SET_CONFIG',
  'SET_VRING_KICK',
]);

const tellingIds: { readonly [channel in Channel]: ReadonlySet<number> } = Object.fromEntries(
  channels.map(channel => {
    const specs = messagesOf[channel].filter(({ name }) => speaking.has(name) || plainName(name) in telltales);
    return [channel, new Set(specs.map(({ id }) => id))];
  }),
) as { [channel in Channel]: Set<number> };

/** Whether messages of that number can say anything about the device type: the others need not be heard. */
export function tellsDevice(channel: Channel, id: number): boolean {
  return tellingIds[channel].has(id);
}

/** What the messages of a connection say about its device type. Goes along with them in their order. */
export class DeviceInference {
  readonly #clues: Clue[] = [];
  /** Feature bits that were offered or accepted, and protocol features that were accepted. */
  #features = 0n;
  #accepted = false;
  #protocol = 0n;
  readonly #rings = new Set<number>();
  #last: KnownDevice | undefined;

  /** Takes a message; gives what all of them come to where that has changed by it. */
  hear(message: Message): KnownDevice | undefined {
    this.#clues.push(...cluesOf(message).filter(({ text }) => !this.#clues.some(other => other.text === text)));
    this.#remember(message);
    const next = weigh([...this.#clues, ...featureClues(this.#features), ...this.#silenceClues()]);
    const before = this.#last;
    this.#last = next;
    return next?.id === before?.id && next?.confidence === before?.confidence ? undefined : next;
  }

  #remember({ name, payload }: Message): void {
    const mask = payload.features ?? payload.protocol_features;
    if (typeof mask === 'bigint' || typeof mask === 'number') {
      if (name === 'SET_PROTOCOL_FEATURES') this.#protocol = BigInt(mask);
      if (name === 'SET_FEATURES') this.#accepted = true;
      if (name === 'GET_FEATURES' || name === 'SET_FEATURES') this.#features |= BigInt(mask);
    }
    if (name === 'SET_VRING_KICK') this.#rings.add(Number(payload.index));
  }

  /** A device that has rings and nothing else to tell is most likely a shared folder. */
  #silenceClues(): Clue[] {
    const readsConfig = hasBit(this.#protocol, protocolFeatures.CONFIG.bit);
    if (this.#rings.size < 2 || readsConfig || !this.#accepted || ownBits(this.#features).length > 0) return [];
    return clue('fs', 'several rings, no feature bits of its own, no configuration space', 1);
  }
}

const clue = (name: string, text: string, weight: Weight): Clue[] => {
  const device = deviceByName(name);
  return device ? [{ device, text, weight }] : [];
};

/** What one message says by itself. */
function cluesOf({ name, reply, payload }: Message): Clue[] {
  const telltale = telltales[plainName(name)];
  if (telltale !== undefined) return clue(telltale, `${name} belongs to it`, 3);
  if (name === 'GET_CONFIG' && !reply && payload.offset === 0) {
    const known = configLengths[Number(payload.size)] ?? [];
    return known.flatMap(([device, weight]) => clue(device, `GET_CONFIG of ${payload.size} bytes`, weight));
  }
  if (name === 'SET_CONFIG' && !reply && payload.offset === 32 && payload.size === 1) {
    return clue('blk', 'SET_CONFIG of the write cache', 2);
  }
  return [];
}

/** The bits of a mask that devices have for themselves. */
const ownBits = (mask: bigint): number[] => bitsOf(mask).filter(bit => bit < 24 || bit >= 50);

/** What feature bits say. Bits that many devices have say nothing. */
function featureClues(mask: bigint): Clue[] {
  const own = ownBits(mask);
  const fitting = own.length === 0 ? [] : devices.filter(device => own.every(bit => mayHave(device, bit, own)));
  if (fitting.length > 3) return [];
  const weight = fitting.length > 1 ? 1 : own.length > 1 ? 3 : 2;
  return fitting.map(device => {
    const names = Object.entries(device.features).flatMap(([name, { bit }]) => (own.includes(bit) ? [name] : []));
    return { device, text: `features ${names.join(', ')}`, weight };
  });
}

/** Whether a bit is one of the device's own, and those it needs are there too. */
function mayHave({ features }: DeviceSpec, bit: number, own: readonly number[]): boolean {
  const feature = Object.values(features).find(one => one.bit === bit);
  return feature !== undefined && (feature.needs ?? []).every(name => own.includes(features[name]?.bit ?? -1));
}

/** The device type that the clues speak for. Several for the same device add up to be more sure, never to certainty. */
function weigh(clues: readonly Clue[]): KnownDevice | undefined {
  const byDevice = new Map<DeviceSpec, Clue[]>();
  for (const one of clues) byDevice.set(one.device, [...(byDevice.get(one.device) ?? []), one]);
  const ranked = [...byDevice]
    .map(([{ id }, own]) => ({
      id,
      most: Math.max(...own.map(({ weight }) => weight)),
      sum: own.reduce((total, { weight }) => total + weight, 0),
      reason: own.map(({ text }) => text).join('; '),
    }))
    .sort((a, b) => b.most - a.most || b.sum - a.sum);
  const [best, second] = ranked;
  // Clues that fit several devices equally well say nothing.
  if (!best || (best.most === second?.most && best.sum === second.sum)) return undefined;
  const confidence = best.most >= 3 ? 'certain' : best.most === 2 || best.sum > 1 ? 'likely' : 'guess';
  return { id: best.id, from: 'messages', reason: best.reason, confidence };
}
