/** What comes when in the life of a connection, and requests of single devices that need more than a protocol feature. */
import { deviceById } from '../../spec/devices/index.ts';
import { protocolFeatures } from '../../spec/protocol-features.ts';
import { hex, normalU64 } from '../../u64.ts';
import { bit } from '../masks.ts';
import type { Rule } from '../rule.ts';
import { hasFeature, isRequest } from '../step.ts';

/** What may be asked before there is an owner: QEMU and cloud-hypervisor do, in different orders. */
const beforeOwner = new Set([
  'SET_OWNER',
  'GET_FEATURES',
  'GET_PROTOCOL_FEATURES',
  'SET_PROTOCOL_FEATURES',
  'GET_QUEUE_NUM',
  'GET_MAX_MEM_SLOTS',
  'SET_BACKEND_REQ_FD',
]);

const knownProtocol = Object.values(protocolFeatures).reduce((mask, feature) => mask | bit(feature.bit), 0n);
const netMtu = bit(3);

/** Rules about order. */
export const order: readonly Rule[] = [
  {
    id: 'NEG-06',
    name: 'unknown-protocol-features',
    severity: 'note',
    condition: 'a mask of protocol features has bits that the specification does not know',
    spec: 'Protocol features',
    remedy: 'look for what the implementation means by them: crosvm uses bits of its own',
    offenders: 'crosvm',
    confidence: 'observed',
    on: ['GET_PROTOCOL_FEATURES', 'SET_PROTOCOL_FEATURES'],
    check: step => {
      const mask = step.message.payload.protocol_features;
      if (typeof mask !== 'number' && typeof mask !== 'bigint') return undefined;
      const unknown = BigInt(mask) & ~knownProtocol;
      return unknown === 0n ? undefined : `bits ${hex(normalU64(unknown))} are not known`;
    },
  },
  {
    id: 'NEG-17',
    name: 'before-owner',
    severity: 'note',
    condition: 'a request other than those of the negotiation comes before SET_OWNER',
    spec: 'VHOST_USER_SET_OWNER',
    remedy: 'send SET_OWNER first: it begins the session',
    confidence: 'inferred',
    on: 'requests',
    only: ({ channel, spec }) => channel === 'main' && spec !== undefined && !beforeOwner.has(spec.name),
    check: ({ message, before, fromStart }) =>
      fromStart && before.negotiation.owner === undefined ? `${message.name} before SET_OWNER` : undefined,
  },
  {
    id: 'HST-01',
    name: 'back-end-too-early',
    severity: 'warning',
    condition: 'the back-end sends a request before the front-end has acknowledged features',
    spec: 'Back-end communication',
    remedy: 'wait for SET_FEATURES: the front-end has not set up its device yet',
    confidence: 'inferred',
    on: 'requests',
    only: ({ channel }) => channel === 'backend-req',
    check: ({ message, before, fromStart }) =>
      fromStart && before.negotiation.virtio.accepted === undefined ? `${message.name} before SET_FEATURES` : undefined,
  },
  {
    id: 'GAT-03',
    name: 'rarp-address',
    severity: 'warning',
    condition: 'SEND_RARP with an address that no network card can have: all zeros, or a group address',
    spec: 'VHOST_USER_SEND_RARP',
    remedy: 'send the MAC address of the guest',
    confidence: 'inferred',
    on: ['SEND_RARP'],
    check: step => {
      const { mac } = step.message.payload;
      if (!isRequest(step) || typeof mac !== 'string') return undefined;
      const group = (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
      return group || /^[0:]*$/.test(mac) ? `the address is ${mac}` : undefined;
    },
  },
  {
    id: 'GAT-04',
    name: 'mtu-not-offered',
    severity: 'warning',
    condition: 'NET_SET_MTU although the back-end of a net device did not offer the virtio feature MTU',
    spec: 'VHOST_USER_NET_SET_MTU',
    remedy: 'set the MTU only where both the protocol feature and the virtio feature are negotiated',
    confidence: 'spec',
    on: ['NET_SET_MTU'],
    check: step => {
      const { offered } = step.before.negotiation.virtio;
      const net = deviceById(step.frame.context.device)?.name === 'net';
      return isRequest(step) && net && offered !== undefined && (offered & netMtu) === 0n
        ? 'an MTU for a device that did not offer it'
        : undefined;
    },
  },
  {
    id: 'GAT-07',
    name: 'endian-of-modern-device',
    severity: 'warning',
    condition: 'SET_VRING_ENDIAN although VERSION_1 is acknowledged',
    spec: 'VHOST_USER_SET_VRING_ENDIAN',
    remedy: 'leave it out: only legacy devices have a byte order of their own',
    confidence: 'spec',
    on: ['SET_VRING_ENDIAN'],
    check: step =>
      isRequest(step) && hasFeature(step, 'VERSION_1')
        ? 'the device is not legacy: VERSION_1 is acknowledged'
        : undefined,
  },
];
