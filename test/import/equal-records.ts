/** Holds records that were imported against those the relay wrote of the same session. */
import type { Frame } from '../../src/decode/frame.ts';

/** What may differ. */
export interface Allowance {
  /** The last messages of a direction that one peer never read, or that the relay never got. */
  missing?: number;
  /** Descriptors that a peer gets have new numbers each time: then the log cannot tell which are the same. */
  withoutObjects?: boolean;
}

/** Everything in which the messages differ, as sentences. Sizes and inodes of descriptors are not in a log. */
export function unequal(recorded: readonly Frame[], imported: readonly Frame[], allow: Allowance = {}): string[] {
  const differences: string[] = [];
  const ours = streams(recorded);
  const theirs = streams(imported);
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const one = ours.get(key) ?? [];
    const other = theirs.get(key) ?? [];
    const missing = Math.abs(one.length - other.length);
    if (missing > (allow.missing ?? 0)) differences.push(`${key}: ${one.length} recorded, ${other.length} imported`);
    for (let i = 0; i < Math.min(one.length, other.length); i++) {
      const [a, b] = [one[i] as Frame, other[i] as Frame];
      const length = Math.min(a.bytes.length, b.bytes.length);
      const shown = (frame: Frame) => ({
        bytes: Buffer.from(frame.bytes.subarray(0, length)).toString('hex'),
        ...{ wireLength: frame.wireLength, reply: frame.reply, offset: frame.offset, fdAt: frame.fdAt },
        // Between channels the order is that of the relay here and that of the peer's calls there.
        ...(frame.channel === 'main' && { features: frame.context.features, accepted: frame.context.protocolFeatures }),
        answers: placeOf(frame === a ? recorded : imported, frame.answers),
        fds: frame.fds.map(({ kind, object }) => (allow.withoutObjects ? { kind } : { kind, object })),
      });
      const [left, right] = [shown(a), shown(b)].map(value =>
        JSON.stringify(value, (_, x) => (typeof x === 'bigint' ? String(x) : x)),
      );
      if (left !== right) differences.push(`${key}, message ${i + 1}:\n${left}\n${right}`);
    }
  }
  return differences;
}

function streams(frames: readonly Frame[]): Map<string, Frame[]> {
  const found = new Map<string, Frame[]>();
  for (const frame of frames) {
    if (frame.kind !== 'message') continue;
    const key = `${frame.session}.${frame.epoch} ${frame.channel} ${frame.dir}`;
    found.set(key, [...(found.get(key) ?? []), frame]);
  }
  return found;
}

/** Which message of its stream a record is, whatever its number. */
function placeOf(frames: readonly Frame[], n: number | undefined): string | undefined {
  if (n === undefined) return undefined;
  for (const [key, list] of streams(frames)) {
    const at = list.findIndex(frame => frame.n === n);
    if (at >= 0) return `${key} ${at}`;
  }
  return `record ${n}`;
}
