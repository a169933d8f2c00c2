import { describe, expect, it } from 'vitest';
import type { Struct } from '../../../src/decode/schema.ts';
import { type DeviceSpec, devices } from '../../../src/decode/spec/devices/index.ts';
import { gpu } from '../../../src/decode/spec/gpu.ts';
import * as payloads from '../../../src/decode/spec/payloads.ts';
import { transportFeatures } from '../../../src/decode/spec/transport-features.ts';
import { constants, layoutOf, leaves } from '../layouts.ts';

/** A declared layout and the C struct that must lie in memory alike, with the members in the order of our fields. */
interface Twin {
  ours: Struct;
  /** The C type, and the header of the kernel that defines it. */
  type: string;
  header: string;
  members: string;
}

const vhostTypes = 'linux/vhost_types.h';
const controlHeader = 'hdr.type hdr.flags hdr.fence_id hdr.ctx_id hdr.ring_idx';
const twins: Twin[] = [
  { ours: payloads.vringState, type: 'struct vhost_vring_state', header: vhostTypes, members: 'index num' },
  {
    ours: payloads.vringAddr,
    type: 'struct vhost_vring_addr',
    header: vhostTypes,
    members: 'index flags desc_user_addr used_user_addr avail_user_addr log_guest_addr',
  },
  {
    // The kernel has flags, not used yet, where vhost-user has the offset in the descriptor.
    ours: payloads.memoryRegion,
    type: 'struct vhost_memory_region',
    header: vhostTypes,
    members: 'guest_phys_addr memory_size userspace_addr flags_padding',
  },
  { ours: payloads.iotlb, type: 'struct vhost_iotlb_msg', header: vhostTypes, members: 'iova size uaddr perm type' },
  {
    ours: replyOf('GPU_GET_DISPLAY_INFO'),
    type: 'struct virtio_gpu_resp_display_info',
    header: 'linux/virtio_gpu.h',
    members: `${controlHeader} ${Array.from({ length: 16 }, (_, at) => `${displayAt(at)}`).join(' ')}`,
  },
  {
    ours: replyOf('GPU_GET_EDID'),
    type: 'struct virtio_gpu_resp_edid',
    header: 'linux/virtio_gpu.h',
    members: `${controlHeader} size edid`,
  },
];

/** The layout with which a message of the GPU channel is answered. */
function replyOf(name: string): Struct {
  const reply = gpu.find(message => message.name === name)?.reply.shapes[0]?.payload;
  if (!reply) throw new Error(`${name} is not declared with a reply`);
  return reply;
}

function displayAt(at: number): string {
  return ['r.x', 'r.y', 'r.width', 'r.height', 'enabled', 'flags'].map(name => `pmodes[${at}].${name}`).join(' ');
}

/** The configuration spaces that Debian 12's kernel headers define, with their members in order. */
const configs: { [device: string]: string } = {
  net: 'mac status max_virtqueue_pairs mtu speed duplex rss_max_key_size rss_max_indirection_table_length supported_hash_types',
  blk:
    'capacity size_max seg_max geometry.cylinders geometry.heads geometry.sectors blk_size physical_block_exp ' +
    'alignment_offset min_io_size opt_io_size wce num_queues max_discard_sectors max_discard_seg ' +
    'discard_sector_alignment max_write_zeroes_sectors max_write_zeroes_seg write_zeroes_may_unmap ' +
    'max_secure_erase_sectors max_secure_erase_seg secure_erase_sector_alignment',
  console: 'cols rows max_nr_ports emerg_wr',
  balloon: 'num_pages actual free_page_hint_cmd_id poison_val',
  scsi: 'num_queues seg_max max_sectors cmd_per_lun event_info_size sense_size cdb_size max_channel max_target max_lun',
  gpu: 'events_read events_clear num_scanouts num_capsets',
  vsock: 'guest_cid',
  crypto:
    'status max_dataqueues crypto_services cipher_algo_l cipher_algo_h hash_algo mac_algo_l mac_algo_h aead_algo ' +
    'max_cipher_key_len max_auth_key_len akcipher_algo max_size',
  fs: 'tag num_request_queues',
  pmem: 'start size',
  iommu: 'page_size_mask input_range.start input_range.end domain_range.start domain_range.end probe_size bypass',
  mem: 'block_size node_id padding addr region_size usable_region_size plugged_size requested_size',
  snd: 'jacks streams chmaps',
  gpio: 'ngpio padding gpio_names_size',
  bluetooth: 'type vendor msft_opcode',
  input: 'select subsel size u.bitmap',
  '9p': 'tag_len',
};
/** Devices whose configuration space these headers do not define. */
const newer = ['can', 'media', 'rpmb', 'spi', 'video_decoder', 'video_encoder'];
/** Where the kernel's name of a device differs from ours. */
const kernelName: { [device: string]: string } = { bluetooth: 'bt' };

describe('declared layouts lie as the kernel has them', () => {
  it.each(twins)('$type', ({ ours, type, header, members }) => {
    expect(leaves(ours)).toEqual(layoutOf(type, members.split(' '), `#include <${header}>`));
  });

  it('and no configuration space is forgotten here', () => {
    const names = devices.filter(device => device.config !== undefined).map(device => device.name);
    expect(names.filter(name => !(name in configs) && !newer.includes(name))).toEqual([]);
  });

  const declared = devices.filter(device => device.config !== undefined && configs[device.name] !== undefined);
  it.each(declared)('configuration space of $name', device => {
    const header = `linux/virtio_${kernelName[device.name] ?? device.name}.h`;
    const members = (configs[device.name] as string).split(' ');
    const type = `struct virtio_${kernelName[device.name] ?? device.name}_config`;
    const theirs = layoutOf(type, members, `#include <${header}>`);
    const ours = leaves(device.config as Struct);
    const padding = members.flatMap((name, at) => (name === 'padding' ? [at] : []));
    expect(ours.slice(0, theirs.length - padding.length)).toEqual(theirs.filter((_, at) => !padding.includes(at)));
  });
});

describe('feature bits have the numbers of the kernel', () => {
  it('of the transport', () => {
    const theirs = constants('linux/virtio_config.h');
    const ring = constants('linux/virtio_ring.h');
    const numbers = new Map([...theirs, ...ring].filter(([name]) => /^VIRTIO_(RING_)?F_/.test(name)));
    const ours = new Map(
      Object.entries(transportFeatures).flatMap(([name, feature]) =>
        [name, ...(feature.aliases ?? [])].map(each => [each, feature.bit]),
      ),
    );
    const compared = [...numbers].filter(([name]) => ours.has(plain(name)));
    expect(compared.length).toBeGreaterThan(8);
    for (const [name, bit] of compared) expect([name, ours.get(plain(name))]).toEqual([name, bit]);
  });

  const withFeatures = devices.filter(device => Object.keys(device.features).length > 0 && device.name in configs);
  it('in the headers that are installed', () => {
    expect(withFeatures.reduce((count, device) => count + theirBits(device).size, 0)).toBeGreaterThan(70);
  });

  it.each(withFeatures)('of $name', device => {
    const prefix = featurePrefix(device);
    const theirs = theirBits(device);
    for (const [name, bit] of theirs) {
      const found = Object.entries(device.features).filter(([, feature]) => feature.bit === bit);
      const names = found.flatMap(([key, feature]) => [key, ...(feature.aliases ?? [])]);
      expect(names, `bit ${bit} of ${device.name}`).toContain(name.slice(prefix.length));
    }
  });

  it('and device types their ids', () => {
    const theirs = constants('linux/virtio_ids.h');
    const special: { [name: string]: string } = { blk: 'BLOCK' };
    for (const device of devices) {
      const number = theirs.get(`VIRTIO_ID_${special[device.name] ?? device.name.toUpperCase()}`);
      if (number !== undefined) expect([device.name, device.id]).toEqual([device.name, number]);
    }
    expect(theirs.get('VIRTIO_ID_FS')).toBe(26);
  });
});

function featurePrefix(device: DeviceSpec): string {
  return `VIRTIO_${(kernelName[device.name] ?? device.name).toUpperCase()}_F_`;
}

/** The feature bits that the kernel's header of a device type defines. */
function theirBits(device: DeviceSpec): Map<string, number> {
  const header = `linux/virtio_${kernelName[device.name] ?? device.name}.h`;
  return new Map([...constants(header)].filter(([name]) => name.startsWith(featurePrefix(device))));
}

/** `VIRTIO_F_RING_PACKED` and `VIRTIO_RING_F_EVENT_IDX` as our tables name them. */
function plain(name: string): string {
  return name.replace(/^VIRTIO_RING_F_/, 'RING_').replace(/^VIRTIO_F_/, '');
}
