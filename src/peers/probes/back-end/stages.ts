/** How far a connection has come when a probe begins; every stage contains the one before it. */
import type { Payload } from '../../../decode/decode.ts';
import { type FdSpec, type Script, script, send, when } from '../../script.ts';
import { smallMemory } from '../../traits.ts';

const protocolFeatures = ['feature', 'PROTOCOL_FEATURES'] as const;

/** What is on offer is known. */
export const asked: Script = [send('GET_FEATURES'), when(protocolFeatures, send('GET_PROTOCOL_FEATURES'))];

/** The protocol features are negotiated. */
export const agreed: Script = script(asked, when(protocolFeatures, send('SET_PROTOCOL_FEATURES')));

/** The connection has an owner. */
export const owned: Script = script(agreed, send('SET_OWNER'));

/** The virtio features are negotiated. */
export const negotiated: Script = script(owned, send('SET_FEATURES'));

/** No protocol feature but REPLY_ACK is negotiated. */
export const bare: Script = script(
  asked,
  when(
    protocolFeatures,
    when(
      ['protocol', 'REPLY_ACK'],
      send('SET_PROTOCOL_FEATURES', { protocol_features: 8 }),
      send('SET_PROTOCOL_FEATURES', { protocol_features: 0 }),
    ),
  ),
  send('SET_OWNER'),
  send('SET_FEATURES'),
);

/** Guest memory, 2 MiB, is shared. */
export const sharing: Script = script(
  negotiated,
  when(['protocol', 'CONFIGURE_MEM_SLOTS'], send('ADD_MEM_REG'), send('SET_MEM_TABLE')),
);

/** A ring is set up, but not started. */
export const ringSetUp = (index: number): Script =>
  ['SET_VRING_NUM', 'SET_VRING_BASE', 'SET_VRING_ADDR', 'SET_VRING_CALL'].map(name => send(name, { index }));

/** A ring that is set up begins. */
export const ringStarts = (index: number): Script => [
  send('SET_VRING_KICK', { index }),
  when(protocolFeatures, send('SET_VRING_ENABLE', { index })),
];

/** Ring 0 runs; it is empty. */
export const running: Script = script(sharing, ringSetUp(0), ringStarts(0));

/** Conditions under which probes make sense. */
export const offers = {
  acknowledgements: ['protocol', 'REPLY_ACK'],
  slots: ['protocol', 'CONFIGURE_MEM_SLOTS'],
  protocolFeatures,
} as const;

/** The memory of the simulated guest as a descriptor. */
export const guestMemory: FdSpec = { memory: 'guest memory', bytes: smallMemory.bytes };

/** A part of the simulated guest's memory as a region, in bytes. */
export function part(guest: number, size: number, differences: Payload = {}): Payload {
  const { userAddress } = smallMemory;
  return { guest_address: guest, size, user_address: userAddress + guest, mmap_offset: guest, ...differences };
}

/** Wrong things are tried where their refusal can be seen. */
export const page = 4096;
