/**
 * Network device, virtio specification 5.1. QEMU keeps its configuration space local and handles the control ring
 * itself. Legacy GUEST_RSC4 (41) is left out: the bit is ADMIN_VQ now.
 */
import { struct } from '../../schema.ts';
import type { DeviceSpec } from './device.ts';

/** 28 bytes; 24 before tunnel types. */
const config = struct('net configuration', 'config.net', {
  mac: { kind: 'mac', doc: 'address, with MAC' },
  status: { kind: 'flags', size: 2, bits: { LINK_UP: 0, ANNOUNCE: 1 }, doc: 'link, with STATUS' },
  max_virtqueue_pairs: { kind: 'u16', doc: 'queue pairs at most, with MQ or RSS' },
  mtu: { kind: 'u16', doc: 'bytes, with MTU' },
  speed: { kind: 'u32', doc: 'Mbit/s, 0xffffffff unknown, with SPEED_DUPLEX' },
  duplex: { kind: 'enum', size: 1, values: { HALF: 0, FULL: 1, UNKNOWN: 255 }, doc: 'with SPEED_DUPLEX' },
  rss_max_key_size: { kind: 'u8', doc: 'bytes, with RSS or HASH_REPORT' },
  rss_max_indirection_table_length: { kind: 'u16', doc: 'entries, with RSS' },
  supported_hash_types: { kind: 'u32', show: 'hex', doc: 'mask, with RSS or HASH_REPORT' },
  supported_tunnel_types: { kind: 'u32', show: 'hex', doc: 'mask, with HASH_TUNNEL' },
});

/** virtio-net */
export const net: DeviceSpec = {
  id: 1,
  name: 'net',
  title: 'network',
  aliases: ['network'],
  features: {
    CSUM: { bit: 0, doc: 'the device takes packets with partial checksum' },
    GUEST_CSUM: { bit: 1, doc: 'the driver takes packets with partial checksum' },
    CTRL_GUEST_OFFLOADS: { bit: 2, doc: 'offloads can be reconfigured at run time' },
    MTU: { bit: 3, doc: 'the device tells an MTU' },
    MAC: { bit: 5, doc: 'the device has a MAC address' },
    GSO: { bit: 6, doc: 'legacy: packets of any segmentation type' },
    GUEST_TSO4: { bit: 7, needs: ['GUEST_CSUM'], doc: 'the driver receives TSO over IPv4' },
    GUEST_TSO6: { bit: 8, needs: ['GUEST_CSUM'], doc: 'the driver receives TSO over IPv6' },
    GUEST_ECN: { bit: 9, doc: 'the driver receives TSO with ECN' },
    GUEST_UFO: { bit: 10, needs: ['GUEST_CSUM'], doc: 'the driver receives UFO' },
    HOST_TSO4: { bit: 11, needs: ['CSUM'], doc: 'the device receives TSO over IPv4' },
    HOST_TSO6: { bit: 12, needs: ['CSUM'], doc: 'the device receives TSO over IPv6' },
    HOST_ECN: { bit: 13, doc: 'the device receives TSO with ECN' },
    HOST_UFO: { bit: 14, needs: ['CSUM'], doc: 'the device receives UFO' },
    MRG_RXBUF: { bit: 15, doc: 'a packet may span several receive buffers' },
    STATUS: { bit: 16, doc: 'the configuration space tells the link status' },
    CTRL_VQ: { bit: 17, doc: 'a control ring' },
    CTRL_RX: { bit: 18, doc: 'receive modes over the control ring' },
    CTRL_VLAN: { bit: 19, doc: 'VLAN filtering over the control ring' },
    CTRL_RX_EXTRA: { bit: 20, doc: 'more receive modes over the control ring' },
    GUEST_ANNOUNCE: { bit: 21, doc: 'the driver announces itself on request' },
    MQ: { bit: 22, doc: 'several queue pairs' },
    CTRL_MAC_ADDR: { bit: 23, doc: 'MAC address over the control ring' },
    GUEST_RSC6: { bit: 42, doc: 'legacy: receive coalescing over IPv6' },
    DEVICE_STATS: { bit: 50, doc: 'device statistics over the control ring' },
    HASH_TUNNEL: { bit: 51, doc: 'hashes of encapsulated packets' },
    VQ_NOTF_COAL: { bit: 52, doc: 'notification coalescing for each ring' },
    NOTF_COAL: { bit: 53, doc: 'notification coalescing' },
    GUEST_USO4: { bit: 54, needs: ['GUEST_CSUM'], doc: 'the driver receives USO over IPv4' },
    GUEST_USO6: { bit: 55, needs: ['GUEST_CSUM'], doc: 'the driver receives USO over IPv6' },
    HOST_USO: { bit: 56, needs: ['CSUM'], doc: 'the device receives USO' },
    HASH_REPORT: { bit: 57, doc: 'hashes of received packets' },
    GUEST_HDRLEN: { bit: 59, doc: 'the driver tells exact header lengths' },
    RSS: { bit: 60, doc: 'receive side scaling' },
    RSC_EXT: { bit: 61, doc: 'receive coalescing with details' },
    STANDBY: { bit: 62, doc: 'standby for another device of the same MAC address' },
    SPEED_DUPLEX: { bit: 63, doc: 'the device tells speed and duplex' },
    RSS_CONTEXT: { bit: 64, doc: 'several receive side scaling contexts' },
    GUEST_UDP_TUNNEL_GSO: { bit: 65, doc: 'the driver receives segmented UDP tunnels' },
    GUEST_UDP_TUNNEL_GSO_CSUM: { bit: 66, doc: 'the driver receives UDP tunnels with partial outer checksum' },
    HOST_UDP_TUNNEL_GSO: { bit: 67, doc: 'the device receives segmented UDP tunnels' },
    HOST_UDP_TUNNEL_GSO_CSUM: { bit: 68, doc: 'the device receives UDP tunnels with partial outer checksum' },
    OUT_NET_HEADER: { bit: 69, doc: 'headers of outgoing packets' },
    IPSEC: { bit: 70, doc: 'IPsec' },
  },
  config,
  vrings: { fixed: [], each: ['rx', 'tx'] },
};
