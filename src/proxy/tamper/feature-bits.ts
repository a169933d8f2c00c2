/** Feature bits by the names people use, and the messages that carry them. Pure. */
import { z } from 'zod';
import { featureBits, type NamedBit } from '../../decode/features.ts';
import { headerSize } from '../../decode/header.ts';
import { devices } from '../../decode/spec/devices/index.ts';
import { type Passage, type Plan, partingOf, withParting } from '../hold/plan.ts';
import { NotPossible } from './tamper.ts';

/** Which of the two masks. */
export type MaskKind = 'virtio' | 'protocol';

const prefixes = /^(?:VHOST_USER_PROTOCOL_F_|VHOST_USER_F_|VHOST_F_|VIRTIO_(?:[A-Z0-9]+_)?F_)/;

function named(bits: readonly (NamedBit | undefined)[], name: string): number | undefined {
  return bits.find(bit => bit !== undefined && (bit.name === name || bit.aliases?.includes(name)))?.bit;
}

/** The bits that a name stands for, over all device types where the device is not known. */
function meanings(kind: MaskKind, name: string, device: number | undefined): Set<number> {
  const plain = name.toUpperCase().replace(prefixes, '');
  const types = kind === 'protocol' || device !== undefined ? [device] : devices.map(each => each.id);
  const found = types.map(type => named(featureBits(kind === 'protocol' ? 'protocol' : 'virtio', type), plain));
  return new Set(found.filter(bit => bit !== undefined));
}

function bitSchema(kind: MaskKind) {
  return z.union([
    z.int().min(0).max(63),
    z.string().refine(name => meanings(kind, name, undefined).size > 0, {
      error: ({ input }) => `no ${kind} feature is called ${String(input)}`,
    }),
  ]);
}

/** Bits of one or of both masks, by name or number. */
export const maskSettings = z
  .strictObject({
    virtio: z.array(bitSchema('virtio')).min(1).optional(),
    protocol: z.array(bitSchema('protocol')).min(1).optional(),
  })
  .refine(
    ({ virtio, protocol }) => virtio !== undefined || protocol !== undefined,
    'expected virtio, protocol or both',
  );

/** Values of `maskSettings`. */
export type MaskSettings = z.infer<typeof maskSettings>;

/** The messages in both directions that carry the masks of these settings. */
export function maskMessages({ virtio, protocol }: MaskSettings): string {
  return [
    ...(virtio ? ['(GET_FEATURES and reply) or (SET_FEATURES and request)'] : []),
    ...(protocol ? ['(GET_PROTOCOL_FEATURES and reply) or (SET_PROTOCOL_FEATURES and request)'] : []),
  ].join(' or ');
}

/** `MQ, CTRL_VQ`, for people. */
export function bitNames({ virtio = [], protocol = [] }: MaskSettings): string {
  return [...virtio.map(String), ...protocol.map(name => `protocol ${name}`)].join(', ');
}

const masksIn: Readonly<Record<string, MaskKind>> = {
  GET_FEATURES: 'virtio',
  SET_FEATURES: 'virtio',
  GET_PROTOCOL_FEATURES: 'protocol',
  SET_PROTOCOL_FEATURES: 'protocol',
};

/**
 * The plan with the mask in its message changed; the same where that changes nothing.
 *
 * @throws NotPossible where the message has no such mask, or a name means different bits
 */
export function withMask(
  plan: Plan,
  settings: MaskSettings,
  { envelope, message }: Passage,
  change: (mask: bigint, bits: bigint) => bigint,
): Plan {
  const kind = masksIn[message.name];
  const parting = partingOf(plan);
  if (kind === undefined || parting === undefined || parting.bytes.length !== headerSize + 8)
    throw new NotPossible(`${message.name} has no mask of features`);
  const littleEndian = envelope.context.bigEndian !== true;
  const bytes = Uint8Array.from(parting.bytes);
  const view = new DataView(bytes.buffer);
  const mask = view.getBigUint64(headerSize, littleEndian);
  const changed = BigInt.asUintN(64, change(mask, bitsOf(kind, settings[kind] ?? [], envelope.context.device)));
  if (changed === mask) return plan;
  view.setBigUint64(headerSize, changed, littleEndian);
  return withParting(plan, () => ({ bytes }));
}

function bitsOf(kind: MaskKind, names: readonly (string | number)[], device: number | undefined): bigint {
  let bits = 0n;
  for (const name of names) {
    const found = typeof name === 'number' ? [name] : [...meanings(kind, name, device)];
    const [bit] = found;
    if (bit === undefined) throw new NotPossible(`this device has no feature ${name}`);
    if (found.length > 1)
      throw new NotPossible(`${name} is another bit for each device type: say --device, or the bit's number`);
    bits |= 1n << BigInt(bit);
  }
  return bits;
}
