/**
 * Reads the payloads of the most telling messages by hand, from the bytes that strace shows, to hold them against what
 * a capture's records say. Written after the specification's tables, with nothing of `src`.
 */
import type { CaptureRecord } from './capture.ts';
import type { Conversation } from './conversation.ts';
import type { TracedMessage } from './strace.ts';

/** Numbers by field name; `regions[0].size` for those within others. */
type Values = Record<string, bigint>;
type Reading = (payload: Buffer) => Values;

const u16 = (payload: Buffer, at: number) => BigInt(payload.readUInt16LE(at));
const u32 = (payload: Buffer, at: number) => BigInt(payload.readUInt32LE(at));
const u64 = (payload: Buffer, at: number) => payload.readBigUInt64LE(at);

const state: Reading = p => ({ index: u32(p, 0), num: u32(p, 4) });
const vringFd: Reading = p => ({ index: u64(p, 0) & 0xffn, nofd: (u64(p, 0) >> 8n) & 1n });
const region = (p: Buffer, at: number, prefix: string): Values => ({
  [`${prefix}.guest_address`]: u64(p, at),
  [`${prefix}.size`]: u64(p, at + 8),
  [`${prefix}.user_address`]: u64(p, at + 16),
  [`${prefix}.mmap_offset`]: u64(p, at + 24),
});
const table: Reading = p => {
  const count = p.readUInt32LE(0);
  const regions = Array.from({ length: count }, (_, at) => region(p, 8 + 32 * at, `regions[${at}]`));
  return Object.assign({ num_regions: BigInt(count) }, ...regions);
};
const log: Reading = p => ({ size: u64(p, 0), offset: u64(p, 8) });

/** Requests and replies of the main channel by number. */
const requests: { [id: number]: Reading } = {
  2: p => ({ features: u64(p, 0) }),
  5: table,
  6: log,
  8: state,
  9: p => ({
    index: u32(p, 0),
    flags: u32(p, 4),
    descriptor: u64(p, 8),
    used: u64(p, 16),
    available: u64(p, 24),
    log: u64(p, 32),
  }),
  10: state,
  11: state,
  12: vringFd,
  13: vringFd,
  14: vringFd,
  16: p => ({ protocol_features: u64(p, 0) }),
  18: state,
  24: p => ({ offset: u32(p, 0), size: u32(p, 4), flags: u32(p, 8) }),
  31: p => ({ mmap_size: u64(p, 0), mmap_offset: u64(p, 8), num_queues: u16(p, 16), queue_size: u16(p, 18) }),
  32: p => ({ mmap_size: u64(p, 0), mmap_offset: u64(p, 8), num_queues: u16(p, 16), queue_size: u16(p, 18) }),
  37: p => region(p, 8, 'region'),
  38: p => region(p, 8, 'region'),
  39: p => ({ status: u64(p, 0) }),
  42: p => ({ direction: u32(p, 0), phase: u32(p, 4) }),
};
const replies: { [id: number]: Reading } = {
  1: p => ({ features: u64(p, 0) }),
  11: state,
  15: p => ({ protocol_features: u64(p, 0) }),
  17: p => ({ queue_num: u64(p, 0) }),
  24: p => ({ offset: u32(p, 0), size: u32(p, 4), flags: u32(p, 8) }),
  36: p => ({ max_mem_slots: u64(p, 0) }),
  40: p => ({ status: u64(p, 0) }),
  43: p => ({ error: u64(p, 0) & 0xffn, nofd: (u64(p, 0) >> 8n) & 1n }),
};

/** What a message says, read from its bytes; undefined for one that is not read here. */
export function valuesOf(message: TracedMessage): Values | undefined {
  const bytes = Buffer.concat(message.pieces.map(piece => piece.bytes));
  const reading = (message.flags & 4 ? replies : requests)[message.id];
  return bytes.length === 12 + message.size && message.size > 0 ? reading?.(bytes.subarray(12)) : undefined;
}

/** The value at a path of a record's payload, as a number whatever its notation. */
export function payloadValue(payload: unknown, path: string): bigint {
  let value = payload;
  for (const key of path.split(/[.[\]]+/).filter(Boolean))
    value = (value as Record<string, unknown> | undefined)?.[key];
  if (typeof value === 'object' && value !== null && 'value' in value) value = value.value;
  if (typeof value === 'number' || typeof value === 'boolean') return BigInt(value);
  if (typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/.test(value)) return BigInt(value);
  throw new Error(`${path} is ${JSON.stringify(value)} in ${JSON.stringify(payload)}`);
}

/**
 * Compares the values in the records with those in the trace, for the main channel of every connection.
 * @returns the differences as sentences, and how many values were compared
 */
export function compareValues(
  records: readonly CaptureRecord[],
  traced: readonly Conversation[],
): { differences: string[]; compared: number } {
  const differences: string[] = [];
  let compared = 0;
  const epochs = [...new Set(records.filter(isMessage).map(record => `${record.session}/${record.epoch}`))];
  for (const [at, conversation] of traced.entries()) {
    const own = records.filter(record => isMessage(record) && `${record.session}/${record.epoch}` === epochs[at]);
    for (const [dir, list] of [
      ['front-to-back', conversation.main.sent],
      ['back-to-front', conversation.main.received],
    ] as const) {
      const ours = own.filter(record => record.dir === dir);
      for (const [position, message] of list.entries()) {
        for (const [path, value] of Object.entries(valuesOf(message) ?? {})) {
          const record = ours[position];
          const shown = payloadValue(record?.payload, path);
          compared++;
          if (shown !== value)
            differences.push(`n ${record?.n} ${record?.name}: ${path} is ${shown}, in the trace ${value}`);
        }
      }
    }
  }
  return { differences, compared };
}

function isMessage(record: CaptureRecord): boolean {
  return record.channel === 'main' && (record.type === 'request' || record.type === 'reply');
}
