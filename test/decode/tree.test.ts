import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/decode/frame.ts';
import { secretRanges } from '../../src/decode/secrets.ts';
import { decodeTree, type TreeNode } from '../../src/decode/tree.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const main = (context: Context = {}, dir: 'front-to-back' | 'back-to-front' = 'front-to-back') =>
  ({ channel: 'main', dir, context }) as const;

/** A tree as lines: indentation, name, byte range, text. */
function drawn(nodes: readonly TreeNode[], indent = ''): string[] {
  return nodes.flatMap(node => {
    const problem = node.problem === undefined ? '' : ` ! ${node.problem}`;
    const line = `${indent}${node.name} @${node.offset}+${node.length} ${node.text}`.trimEnd() + problem;
    return [line, ...drawn(node.children, `${indent}  `)];
  });
}

describe('decodeTree', () => {
  it('knows the bytes of the header, of words and of rings', () => {
    const { nodes } = decodeTree(hex('0c000000 09000000 08000000 0301000000000000'), main({ device: 1 }));
    expect(drawn(nodes)).toEqual([
      'id @0+4 SET_VRING_KICK (12)',
      'flags @4+4 0x9',
      '  version @4+1 1',
      '  reply @4+1 no',
      '  need_reply @4+1 yes',
      'size @8+4 8',
      'index @12+1 3 (tx 1)',
      'nofd @13+1 yes',
    ]);
    expect(nodes.at(-1)).toMatchObject({ id: 'vring.nofd', bit: 8, doc: 'no descriptor: poll instead' });
  });

  it('does so in big endian too', () => {
    const { nodes } = decodeTree(hex('0000000c 00000009 00000008 0000000000000103'), main({ bigEndian: true }));
    expect(drawn(nodes.slice(1))).toEqual([
      'flags @4+4 0x9',
      '  version @7+1 1',
      '  reply @7+1 no',
      '  need_reply @7+1 yes',
      'size @8+4 8',
      'index @19+1 3',
      'nofd @18+1 yes',
    ]);
  });

  it('shows all bits of a mask, set or not, and those nobody knows', () => {
    const { nodes } = decodeTree(hex('10000000 01000000 08000000 0900000000000080'), main());
    const mask = nodes[3] as TreeNode;
    expect(mask.text).toBe('0x8000000000000009 MQ|REPLY_ACK|0x8000000000000000');
    expect(drawn(mask.children).slice(0, 4)).toEqual([
      'MQ @12+1 set',
      'LOG_SHMFD @12+1 not set',
      'RARP @12+1 not set',
      'REPLY_ACK @12+1 set',
    ]);
    expect(drawn(mask.children).at(-1)).toBe('bit 63 @19+1 set');
  });

  it('lists entries, and says where the bytes ran out', () => {
    const bytes = hex(
      '05000000 01000000 34000000 02000000 00000000 0000100000000000 0020000000000000 00000000007f0000 0000000000000000 00002000',
    );
    expect(drawn(decodeTree(bytes, main()).nodes.slice(3))).toEqual([
      'num_regions @12+4 2',
      'padding @16+4 zero',
      'regions @20+36',
      '  [0] @20+32',
      '    guest_address @20+8 0x100000',
      '    size @28+8 0x2000',
      '    user_address @36+8 0x7f0000000000',
      '    mmap_offset @44+8 0x0',
      '  [1] @52+4',
      '    guest_address @52+4 ! needs 8 bytes, 4 left',
    ]);
  });

  it('reads the window of the configuration space of a known device', () => {
    // QEMU's vhost-user-blk writes the cache mode: one byte at offset 32.
    const write = hex('19000000 09000000 0d000000 20000000 01000000 00000000 01');
    const config = decodeTree(write, main({ device: 2 })).nodes.at(-1) as TreeNode;
    expect(drawn(config.children)).toEqual(['writeback @24+1 1']);
    const read = hex('18000000 05000000 16000000 00000000 0a000000 00000000 0000020000000000 00f0');
    const part = decodeTree(read, main({ device: 2 }, 'back-to-front')).nodes.at(-1) as TreeNode;
    expect(drawn(part.children)).toEqual(['capacity @24+8 131072', 'size_max @32+2 in part']);
    expect(decodeTree(read, main({}, 'back-to-front')).nodes.at(-1)?.children).toEqual([]);
  });

  it('keeps what belongs to no field', () => {
    expect(drawn(decodeTree(hex('03000000 01000000 02000000 abcd'), main()).nodes.slice(3))).toEqual([
      'rest @12+2 abcd ! 2 bytes after the last field',
    ]);
    expect(drawn(decodeTree(hex('030000'), main()).nodes)).toEqual([
      'rest @0+3 030000 ! the header has 12 bytes, 3 are there',
    ]);
  });
});

describe('secretRanges', () => {
  const create = new Uint8Array(12 + 1072);
  create.set(hex('1a000000 01000000 30040000 02'));

  it('finds the keys of a crypto session, and nothing in other messages', () => {
    expect(secretRanges(create, main())).toEqual([
      { offset: 12 + 56, length: 64 },
      { offset: 12 + 120, length: 512 },
    ]);
    expect(secretRanges(hex('01000000 01000000 00000000'), main())).toEqual([]);
  });

  it('keeps within what is there, and takes surplus bytes for secret', () => {
    expect(secretRanges(create.subarray(0, 100), { ...main(), wireLength: create.length })).toEqual([
      { offset: 68, length: 32 },
    ]);
    const long = new Uint8Array(create.length + 5);
    long.set(create);
    expect(secretRanges(long, main()).at(-1)).toEqual({ offset: create.length, length: 5 });
  });
});
