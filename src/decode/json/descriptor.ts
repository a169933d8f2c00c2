/** What a record's JSON says of a passed descriptor. */
import type { FdIdentity } from '../frame.ts';
import type { LineBuffer } from '../line-buffer.ts';
import { writeCount, writeHexNumber } from './numbers.ts';

/** A descriptor as an object. */
export function writeDescriptor(out: LineBuffer, fd: FdIdentity): void {
  out.word('{"kind":"');
  out.word(fd.kind);
  out.word('"');
  if (fd.size !== undefined) writeCount(out, ',"size":', fd.size);
  if (fd.dev !== undefined) writeCount(out, ',"dev":', fd.dev);
  if (fd.inode !== undefined) writeCount(out, ',"inode":', fd.inode);
  if (fd.id !== undefined) writeCount(out, ',"id":', fd.id);
  if (fd.seals !== undefined) writeHexNumber(out, ',"seals":', fd.seals);
  if (fd.pageSize !== undefined) writeCount(out, ',"page_size":', fd.pageSize);
  if (fd.access !== undefined) out.ascii(`,"access":"${fd.access}"`);
  if (fd.name !== undefined) {
    out.word(',"name":');
    out.json(fd.name);
  }
  if (fd.object !== undefined) writeCount(out, ',"object":', fd.object);
  if (fd.sameIdAs !== undefined) writeCount(out, ',"same_id_as":', fd.sameIdAs);
  out.word('}');
}
