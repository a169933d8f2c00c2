import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../programs.ts';
import { dissect, folder, releases, type ShownPacket } from '../tshark.ts';

describe.each(releases)('$name with bytes typed by hand from the specification', release => {
  const byHand: [what: string, bytes: string, fields: readonly (readonly [name: string, shown: string])[]][] = [
    [
      'GET_FEATURES and nothing else',
      '01000000 01000000 00000000',
      [
        ['request', '1'],
        ['message', 'GET_FEATURES'],
        ['flags.version', '1'],
        ['flags.reply', '0'],
        ['size', '0'],
      ],
    ],
    [
      'SET_MEM_TABLE with two regions, and need_reply',
      `05000000 09000000 48000000 02000000 00000000
       0000000000000000 0000000080000000 0000000000700000 0000000000000000
       0000000001000000 0000008000000000 0000008000700000 0000008000000000`,
      [
        ['flags.need_reply', '1'],
        ['mem.num_regions', '2'],
        ['mem.guest_addr', '0x0000000000000000'],
        ['mem.size', '0x0000008000000000'],
        ['mem.user_addr', '0x0000700000000000'],
      ],
    ],
    [
      'SET_VRING_ADDR: descriptors, used, available, log',
      '09000000 01000000 28000000 03000000 01000000 0010000000000000 0020000000000000 0030000000000000 0040000000000000',
      [
        ['vring.index', '3'],
        ['vring.addr.flags.log', '1'],
        ['vring.addr.desc', '0x0000000000001000'],
        ['vring.addr.used', '0x0000000000002000'],
        ['vring.addr.avail', '0x0000000000003000'],
        ['vring.addr.log', '0x0000000000004000'],
      ],
    ],
    [
      'SET_VRING_KICK of ring 2 without a descriptor',
      '0c000000 01000000 08000000 0201000000000000',
      [
        ['vring.index', '2'],
        ['vring.nofd', '1'],
      ],
    ],
    [
      'SET_PROTOCOL_FEATURES: REPLY_ACK and CONFIG, and bit 40',
      '10000000 01000000 08000000 0802000000010000',
      [
        ['protocol_features', '0x0000010000000208'],
        ['protocol_features.mq', '0'],
        ['protocol_features.reply_ack', '1'],
        ['protocol_features.config', '1'],
        ['protocol_features.unknown', '0x0000010000000000'],
      ],
    ],
    [
      'IOTLB_MSG: an update',
      '16000000 09000000 20000000 0000100000000000 0010000000000000 0000400000700000 03 02 000000000000',
      [
        ['iotlb.iova', '0x0000000000100000'],
        ['iotlb.perm', '3'],
        ['iotlb.type', '2'],
      ],
    ],
    [
      'SEND_RARP of 52:54:00:12:34:56',
      '13000000 01000000 08000000 525400123456 0000',
      [['net.mac', '52:54:00:12:34:56']],
    ],
    [
      'a region of which the end is missing',
      '25000000 01000000 0c000000 0000000000000000 00001000',
      [
        ['malformed', ''],
        ['rest', '00:00:10:00'],
      ],
    ],
  ];

  let packets: readonly ShownPacket[] = [];
  beforeAll(() => {
    const dump = join(folder, 'typed.txt');
    const capture = join(folder, 'typed.pcapng');
    const lines = byHand.map(([, bytes]) => `0000 ${bytes.replaceAll(/\s/g, '').replaceAll(/../g, '$& ')}\n`);
    writeFileSync(dump, lines.join(''));
    run('text2pcap', ['-q', '-l', '147', dump, capture]);
    packets = dissect(release, capture, ['-o', 'uat:user_dlts:"User 0 (DLT=147)","vhost_user","0","","0",""']);
  });
  const plain: { readonly [shown: string]: string } = { True: '1', False: '0' };

  it.each(byHand.map(([what, , fields], i) => [what, i, fields] as const))('%s', (_, i, fields) => {
    for (const [name, shown] of fields) {
      const all = packets[i]?.fields
        .filter(field => field.name === `vhost_user.${name}`)
        .map(({ show }) => plain[show] ?? show);
      expect(all, name).toContain(shown);
    }
  });
});
