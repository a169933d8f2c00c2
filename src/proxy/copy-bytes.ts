/** Copies bytes. A few are faster by hand than through a view made for them. */
export function copyBytes(from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number): void {
  if (length <= 64) for (let i = 0; i < length; i++) to[toAt + i] = from[at + i] as number;
  else to.set(from.subarray(at, at + length), toAt);
}
