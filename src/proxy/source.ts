/** Where the messages of a direction come from. */
import { errno } from '../sys/libc.ts';
import { arrival, fdsAhead, receive } from '../sys/transfer.ts';

/** A socket that is read no further than descriptors allow. */
export class Source {
  readonly fd: number;
  /** Bytes read so far. */
  position = 0;
  /** The last read got fewer bytes than it asked for: the input pauses here. */
  paused = false;
  /** Descriptors are ahead, and only reading byte by byte tells which byte they came with. */
  bytewise = false;
  /** Up to this position messages are read one by one, without a look at what lies behind them. */
  singlyUntil = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** What comes next has been looked at, and goes one by one. */
  get isKnownAhead(): boolean {
    return this.position < this.singlyUntil;
  }

  /**
   * Reads up to `room` bytes to an address; `careful` where it matters which byte descriptors come with. Returns as
   * `receive` does, with the descriptors in `arrival`.
   */
  read(address: number, room: number, careful: boolean): number {
    if (careful) {
      const ahead = this.bytewise ? 1 : fdsAhead(this.fd, address, room);
      if (ahead === -errno.ECONNRESET) return ahead;
      this.bytewise = ahead === 1;
    }
    const most = this.bytewise ? 1 : room;
    const result = receive(this.fd, address, most);
    if (arrival.fds.length > 0) this.bytewise = false;
    this.paused = result < most;
    if (result > 0) this.position += result;
    return result;
  }
}
