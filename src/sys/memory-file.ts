/**
 * Memory behind a descriptor, written through it. Files on huge pages take no write(2): of those the pages in question are
 * mapped for a moment, and the kernel copies into them, so that even a file which was cut meanwhile costs an error
 * instead of a SIGBUS.
 */
import { fstatSync, writeSync } from 'node:fs';
import { close, errno, mapping, memfdCreate, mmap, munmap, read } from './libc.ts';
import { checked } from './system-error.ts';

const closeOnExec = 1;

/** Writes bytes at a position; throws where the memory cannot take them. */
export function writeAt(fd: number, bytes: Uint8Array, position: number): void {
  try {
    writeSync(fd, bytes, 0, bytes.length, position);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).errno !== -errno.EINVAL || bytes.length === 0) throw error;
    copyInto(fd, bytes, position);
  }
}

function copyInto(fd: number, bytes: Uint8Array, position: number): void {
  const pageSize = fstatSync(fd).blksize;
  const from = Math.floor(position / pageSize) * pageSize;
  const length = Math.ceil((position + bytes.length - from) / pageSize) * pageSize;
  const address = checked(mmap(0, length, mapping.readAndWrite, mapping.shared, fd, from), 'cannot map huge pages');
  const source = memfdCreate('copied', closeOnExec);
  try {
    writeSync(checked(source, 'cannot make memory'), bytes, 0, bytes.length, 0);
    const copied = checked(read(source, address + position - from, bytes.length), 'cannot write to huge pages');
    if (copied < bytes.length) throw new Error(`huge pages end after ${copied} of ${bytes.length} bytes`);
  } finally {
    if (source >= 0) close(source);
    munmap(address, length);
  }
}
