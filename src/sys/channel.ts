/** One socket of a connection: whole messages in and out, each with its descriptors. */
import { headerSize, readU32 } from '../decode/header.ts';
import { close, errno, littleEndian, Memory } from './libc.ts';
import { checked, SystemError } from './system-error.ts';
import { arrival, receive, send } from './transfer.ts';

/** A message as it arrived. */
export interface Arrived {
  readonly bytes: Uint8Array;
  /** Owned by the taker. */
  readonly fds: readonly number[];
}

/** Payloads beyond this are refused: a size field must not decide how much we allocate. */
const mostPayload = 256 << 20;
const usualRoom = 64 << 10;

/** A UNIX stream socket that carries messages. It owns the descriptor. */
export class Channel {
  readonly fd: number;
  /** The other side has closed it, or it failed. */
  ended = false;
  #room = new Memory(usualRoom);
  #have = 0;
  #need = headerSize;
  /** The payload's size is known. */
  #sized = false;
  #fds: number[] = [];
  #closed = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** The next whole message, or `undefined` when the rest of it has not arrived. Never waits. */
  next(): Arrived | undefined {
    while (!this.ended) {
      if (this.#have === this.#need) {
        if (this.#sized) return this.#take();
        this.#sizeUp();
        continue;
      }
      const got = receive(this.fd, this.#room.address + this.#have, this.#need - this.#have);
      if (got === -errno.EAGAIN) return undefined;
      if (got <= 0) {
        this.ended = true;
        if (got < 0 && got !== -errno.ECONNRESET) throw new SystemError('cannot receive', got);
        return undefined;
      }
      this.#fds.push(...arrival.fds);
      this.#have += got;
    }
    return undefined;
  }

  /** The header is there: learns the size of the payload from it. */
  #sizeUp(): void {
    const size = readU32(this.#room.bytes, 8, !littleEndian);
    if (size > mostPayload) throw new Error(`a message of ${size} bytes`);
    this.#need = headerSize + size;
    this.#sized = true;
    if (this.#need <= this.#room.bytes.length) return;
    const larger = new Memory(this.#need);
    larger.bytes.set(this.#room.bytes.subarray(0, headerSize));
    this.#room = larger;
  }

  #take(): Arrived {
    const bytes = new Uint8Array(this.#room.bytes.subarray(0, this.#have));
    const fds = this.#fds;
    this.#have = 0;
    this.#need = headerSize;
    this.#sized = false;
    this.#fds = [];
    return { bytes, fds };
  }

  /**
   * Sends bytes, with descriptors on the first of them. `blocked` is called when the socket takes no more for now.
   *
   * @throws SystemError where the other side is gone
   */
  send(bytes: Uint8Array, fds: readonly number[], blocked: () => void): void {
    const memory = new Memory(bytes.length);
    memory.bytes.set(bytes);
    let sent = 0;
    while (sent < bytes.length) {
      const taken = send(this.fd, memory.address + sent, bytes.length - sent, sent === 0 ? fds : []);
      if (taken === -errno.EAGAIN) blocked();
      else {
        if (taken === -errno.EPIPE || taken === -errno.ECONNRESET) this.ended = true;
        sent += checked(taken, 'cannot send');
      }
    }
  }

  /** Closes the socket, and the descriptors of a message that never became whole; again is nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const fd of this.#fds) close(fd);
    this.#fds = [];
    close(this.fd);
    this.ended = true;
  }
}
