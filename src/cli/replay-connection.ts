/** How `vhuscope replay` comes to a connection with the living side. */
import { rmSync } from 'node:fs';
import { close, errno } from '../sys/libc.ts';
import { type Address, acceptFrom, addressText, dial, listenAt, neverWaiting, socketNature } from '../sys/socket.ts';
import { SystemError } from '../sys/system-error.ts';
import type { Endpoint } from './endpoint.ts';
import { printStatus } from './terminal.ts';
import { UsageError } from './usage.ts';

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const retryMs = 20;
/** How long a back-end may take until it listens, ms. */
const dialMs = 5000;
const notYet: readonly number[] = [errno.EAGAIN, errno.ENOENT, errno.ECONNREFUSED];

/**
 * A connected socket to the other side; undefined where somebody ended the waiting.
 *
 * @throws UsageError or SystemError where there is none
 */
export async function connected(where: Endpoint, signal: AbortSignal): Promise<number | undefined> {
  if (where.role === 'fd') {
    const nature = socketNature(where.fd);
    if (nature === 'other') throw new UsageError(`descriptor ${where.fd} is no UNIX stream socket`);
    if (nature === 'connection') return where.fd;
    neverWaiting(where.fd);
    return accepted(where.fd, signal);
  }
  if (where.role === 'listen') return acceptedAt(where.address, signal);
  const deadline = Date.now() + dialMs;
  for (;;) {
    const fd = dial(where.address);
    if (fd >= 0) return fd;
    if (signal.aborted) return undefined;
    if (!notYet.includes(-fd) || Date.now() > deadline)
      throw new SystemError(`cannot connect to ${addressText(where.address)}`, fd);
    await pause(retryMs);
  }
}

async function acceptedAt(address: Address, signal: AbortSignal): Promise<number | undefined> {
  const listener = listenAt(address);
  try {
    printStatus(`listening at ${addressText(address)}`);
    return await accepted(listener, signal);
  } finally {
    close(listener);
    if ('path' in address) rmSync(address.path, { force: true });
  }
}

async function accepted(listener: number, signal: AbortSignal): Promise<number | undefined> {
  for (;;) {
    const fd = acceptFrom(listener);
    if (fd >= 0) return fd;
    if (signal.aborted) return undefined;
    if (fd !== -errno.EAGAIN) throw new SystemError('cannot accept a connection', fd);
    await pause(retryMs);
  }
}
