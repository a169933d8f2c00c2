/** Bytes in a line. */
import type { LineBuffer } from '../line-buffer.ts';

/** Runs of at least this many equal bytes are written as `00*16`. */
const leastRun = 16;

/** Whether there are only zeros between two offsets. */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Bytes as hexadecimal digits; a run of equal bytes as the byte, `*`, its length, and `.` if more follows. */
export function writeBytes(out: LineBuffer, bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; ) {
    let run = at + 1;
    while (run < end && bytes[run] === bytes[at]) run++;
    if (run - at < leastRun) {
      out.hexBytes(bytes, at, run);
    } else {
      out.hexBytes(bytes, at, at + 1);
      out.byte(0x2a);
      out.decimal(run - at);
      if (run < end) out.byte(0x2e);
    }
    at = run;
  }
}

/** Reads what `writeBytes` wrote; undefined where it is not that, or would be more than `most` bytes. */
export function parseBytes(text: string, most = 1 << 28): Uint8Array | undefined {
  if (!/^(?:(?:[0-9a-f]{2})*[0-9a-f]{2}(?:\*\d+(?:\.(?!$)|$))?)*$/i.test(text)) return undefined;
  const pieces = text.split('.').map(piece => {
    const [digits = '', run = '1'] = piece.split('*');
    return { digits, run: Number(run) };
  });
  const length = pieces.reduce((sum, { digits, run }) => sum + digits.length / 2 + run - 1, 0);
  if (length > most) return undefined;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { digits, run } of pieces) {
    for (let i = 0; i < digits.length; i += 2) bytes[at++] = Number.parseInt(digits.slice(i, i + 2), 16);
    bytes.fill(bytes[at - 1] ?? 0, at, at + run - 1);
    at += run - 1;
  }
  return bytes;
}
