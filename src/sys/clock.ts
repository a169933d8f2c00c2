import { clockGettime, Memory } from './libc.ts';

const realtime = 0;
const monotonic = 1;
const time = new Memory(16);

/** CLOCK_MONOTONIC in nanoseconds; exact for the first 104 days after boot, then to two or four nanoseconds. */
export function monotonicNs(): number {
  clockGettime(monotonic, time.address);
  return time.getPointer(0) * 1e9 + time.getPointer(8);
}

/** What must be added to CLOCK_MONOTONIC to get nanoseconds since 1970, as of now. */
export function wallOffsetNs(): bigint {
  clockGettime(monotonic, time.address);
  const up = BigInt(time.getPointer(0)) * 1_000_000_000n + BigInt(time.getPointer(8));
  clockGettime(realtime, time.address);
  return BigInt(time.getPointer(0)) * 1_000_000_000n + BigInt(time.getPointer(8)) - up;
}
