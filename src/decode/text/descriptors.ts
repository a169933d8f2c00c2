/** Descriptors in a line: `fd=memfd#2:256M`, `fds=[eventfd#3 eventfd#4]`; object and size as far as they are known. */
import { type FdIdentity, type FdKind, fdKinds } from '../frame.ts';
import type { LineBuffer } from '../line-buffer.ts';
import { type Paint, paint } from './paint.ts';

const units = ['', 'K', 'M', 'G', 'T', 'P'];

/** Writes the descriptors of a message, after a space; `count` arrived, of which some are described. */
export function writeFds(out: LineBuffer, colours: Paint, fds: readonly FdIdentity[], count: number): void {
  const [first] = fds;
  if (count === 0) return;
  colours(out, paint.fd);
  if (count === 1 && first) {
    out.ascii(' fd=');
    writeFd(out, first);
  } else {
    out.ascii(' fds=[');
    for (const [i, fd] of fds.entries()) {
      if (i > 0) out.byte(0x20);
      writeFd(out, fd);
    }
    if (count > fds.length) {
      out.ascii(fds.length > 0 ? ' +' : '+');
      out.decimal(count - fds.length);
    }
    out.byte(0x5d);
  }
  colours(out, paint.none);
}

function writeFd(out: LineBuffer, fd: FdIdentity): void {
  out.word(fd.kind);
  if (fd.object !== undefined) {
    out.byte(0x23);
    out.decimal(fd.object);
  }
  if (fd.size !== undefined) {
    out.byte(0x3a);
    writeSize(out, fd.size);
  }
}

/** Bytes with the largest unit that loses nothing: `256M`, `4097`. */
export function writeSize(out: LineBuffer, size: number): void {
  const { value, unit } = inUnits(size);
  out.decimal(value);
  out.ascii(unit);
}

/** The same as a text. */
export function sizeText(size: number): string {
  const { value, unit } = inUnits(size);
  return `${value}${unit}`;
}

function inUnits(size: number): { value: number; unit: string } {
  let unit = 0;
  let value = size;
  while (value >= 1024 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return { value, unit: units[unit] as string };
}

/** Reads one descriptor; undefined where the text is none. */
export function parseFd(text: string): FdIdentity | undefined {
  const match = /^([a-z]+)(?:#(\d+))?(?::(\d+)([KMGTP]?))?$/.exec(text);
  const kind = match?.[1] as FdKind | undefined;
  if (!match || !kind || !fdKinds.includes(kind)) return undefined;
  const fd: FdIdentity = { kind };
  if (match[2] !== undefined) fd.object = Number(match[2]);
  if (match[3] !== undefined) fd.size = Number(match[3]) * 1024 ** units.indexOf(match[4] ?? '');
  return fd;
}
