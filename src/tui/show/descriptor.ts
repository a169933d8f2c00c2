/** What a passed descriptor is, in words. */
import type { FdIdentity } from '../../decode/frame.ts';
import { LineBuffer } from '../../decode/line-buffer.ts';
import { writeSize } from '../../decode/text/descriptors.ts';
import { drawable } from '../width.ts';

/** `memfd#8 256M, inode 12, "pc.ram"`. */
export function descriptorText({
  kind,
  object,
  size,
  inode,
  id,
  name,
  access,
  sameIdAs,
  seals,
  pageSize,
}: FdIdentity): string {
  const parts = [
    `${kind}${object === undefined ? '' : `#${object}`}${size === undefined ? '' : ` ${sizeText(size)}`}`,
    inode === undefined ? '' : `inode ${inode}`,
    id === undefined ? '' : `id ${id}`,
    name === undefined ? '' : drawable(name),
    access === undefined ? '' : `opened ${access}`,
    seals === undefined || seals === 0 ? '' : `seals 0x${seals.toString(16)}`,
    pageSize === undefined ? '' : `pages of ${sizeText(pageSize)}`,
    sameIdAs === undefined ? '' : `same id as #${sameIdAs}`,
  ];
  return parts.filter(part => part !== '').join(', ');
}

/** Bytes with the largest unit that loses nothing. */
export function sizeText(bytes: number): string {
  const out = new LineBuffer(32);
  writeSize(out, bytes);
  return out.textFrom(0);
}
