/**
 * Which virtio device a connection is for. The protocol never says it: messages, configuration sizes, feature bits and
 * rings give it away, some surely, some hardly. Each clue is an entry, kept so that a reader can judge.
 */
import type { Message } from './message.ts';
import type { Session } from './session/session.ts';
import { type DeviceSpec, deviceById, deviceByName, devices } from './spec/devices/index.ts';
import { bitsOf } from './u64.ts';

/** How sure a guess is: 3 only this device does so, 2 few others do, 1 it fits. */
export type Weight = 1 | 2 | 3;

/** Something that speaks for a device type. */
export interface DeviceClue {
  /** Virtio device id. */
  readonly id: number;
  readonly text: string;
  readonly weight: Weight;
}

/** What the clues come to. */
export interface DeviceGuess {
  /** Virtio device id. */
  readonly id: number;
  /** Why, in one line. */
  readonly reason: string;
  readonly confidence: 'certain' | 'likely' | 'guess';
}

/** Messages that belong to one device type. */
const telltales: { readonly [message: string]: string } = {
  NET_SET_MTU: 'net',
  SEND_RARP: 'net',
  CREATE_CRYPTO_SESSION: 'crypto',
  CLOSE_CRYPTO_SESSION: 'crypto',
  GPU_SET_SOCKET: 'gpu',
  BACKEND_FS_MAP: 'fs',
  BACKEND_FS_UNMAP: 'fs',
};

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

const clue = (name: string, text: string, weight: Weight): DeviceClue[] => {
  const device = deviceByName(name);
  return device ? [{ id: device.id, text, weight }] : [];
};

/** What one message says about the device type. */
export function deviceClues(message: Message): DeviceClue[] {
  const telltale = telltales[message.name];
  if (telltale !== undefined) return clue(telltale, `${message.name} belongs to ${telltale}`, 3);
  const { name, reply, payload } = message;
  if (name === 'GET_CONFIG' && !reply && payload.offset === 0) {
    const known = configLengths[Number(payload.size)] ?? [];
    return known.flatMap(([device, weight]) => clue(device, `GET_CONFIG of ${payload.size} bytes`, weight));
  }
  if (name === 'SET_CONFIG' && !reply && payload.offset === 32 && payload.size === 1) {
    return clue('blk', 'SET_CONFIG of the write cache', 2);
  }
  return [];
}

/** What the state of a connection says about it: feature bits, rings. */
export function deviceCluesOf(session: Session): DeviceClue[] {
  const { virtio, protocol } = session.negotiation;
  if (virtio.accepted === undefined && virtio.offered === undefined) return [];
  // What is offered counts too: of a few accepted bits, every device has some.
  const mask = (virtio.accepted ?? 0n) | (virtio.offered ?? 0n);
  const own = bitsOf(mask).filter(bit => bit < 24 || bit >= 50);
  if (own.length > 0) {
    const fitting = devices.filter(device => own.every(bit => mayHave(device, bit, own)));
    const weight = fitting.length === 1 && own.length > 1 ? 3 : fitting.length === 1 ? 2 : 1;
    const text = `feature bits ${own.join(', ')}`;
    return fitting.length > 3 ? [] : fitting.map(device => ({ id: device.id, text, weight }));
  }
  const rings = session.vrings.byIndex.size;
  const configRead = protocol.accepted !== undefined && (protocol.accepted & (1n << 9n)) !== 0n;
  if (rings < 2 || configRead || virtio.accepted === undefined) return [];
  return clue('fs', `${rings} rings, no feature bits of its own, no configuration space`, 1);
}

/** Whether a bit is one of the device's own, and those it needs are there too. */
function mayHave({ features }: DeviceSpec, bit: number, own: readonly number[]): boolean {
  const feature = Object.values(features).find(one => one.bit === bit);
  return feature !== undefined && (feature.needs ?? []).every(name => own.includes(features[name]?.bit ?? -1));
}

/**
 * The device type that the clues speak for; `undefined` where there are none. Several clues for the same device add up
 * to be more sure, never to certainty.
 */
export function weighDevice(clues: readonly DeviceClue[]): DeviceGuess | undefined {
  const byDevice = new Map<number, DeviceClue[]>();
  for (const one of clues) {
    const known = byDevice.get(one.id) ?? [];
    if (!known.some(other => other.text === one.text)) byDevice.set(one.id, [...known, one]);
  }
  let best: { id: number; most: number; sum: number; clues: DeviceClue[] } | undefined;
  for (const [id, own] of byDevice) {
    const most = Math.max(...own.map(one => one.weight));
    const sum = own.reduce((total, one) => total + one.weight, 0);
    if (!best || most > best.most || (most === best.most && sum > best.sum)) best = { id, most, sum, clues: own };
  }
  if (!best) return undefined;
  const confidence = best.most >= 3 ? 'certain' : best.most === 2 || best.sum > 1 ? 'likely' : 'guess';
  const title = deviceById(best.id)?.name ?? String(best.id);
  return { id: best.id, reason: `${title}: ${best.clues.map(one => one.text).join('; ')}`, confidence };
}
