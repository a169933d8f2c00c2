/**
 * What DPDK's vhost library prints about its front-ends: `VHOST_CONFIG: (SOCKET) read message VHOST_USER_…`, and behind
 * some messages lines with what they said. It is the back-end's view: requests of the front-end, and no replies but one.
 */
import { messageByName } from '../decode/catalog.ts';
import type { Payload } from '../decode/decode.ts';
import { encodeMessage } from '../decode/encode.ts';
import { headerSize } from '../decode/header.ts';
import type { MessageSpec } from '../decode/message-spec.ts';
import { asText } from './line-source.ts';
import type { Conversation } from './scribe.ts';
import type { Format, Source } from './source.ts';

/** The last request of a connection, while lines about it may follow. */
interface Pending {
  spec: MessageSpec;
  time: bigint | undefined;
  /** What lines have told; undefined while nothing was. */
  payload: Payload | undefined;
  /** Descriptors came with it. */
  fds: number;
  /** Its reply's fields, where the log tells them. */
  reply?: Payload;
}

/** A line that tells what the last message said. The first word of `of` is its name. */
interface Fact {
  readonly of: string;
  readonly pattern: RegExp;
  readonly fill: (pending: Pending, numbers: readonly number[], texts: readonly string[]) => void;
}

const put = (pending: Pending, fields: Payload) => {
  pending.payload = { ...pending.payload, ...fields };
};
const lastRegion = (pending: Pending): Payload => (pending.payload?.regions as Payload[] | undefined)?.at(-1) ?? {};
const ofRegion =
  (field: string) =>
  (pending: Pending, _: unknown, [value = '0']: readonly string[]) => {
    lastRegion(pending)[field] = BigInt(value);
  };
const notifier = (pending: Pending, [index = 0, fd = -1]: readonly number[]) => {
  put(pending, { index, ...(fd < 0 && { nofd: true }) });
  pending.fds = fd < 0 ? 0 : 1;
};
const inflight =
  (field: string) =>
  (pending: Pending, [value = 0]: readonly number[]) =>
    put(pending, { [field]: value });

const facts: readonly Fact[] = [
  {
    of: 'SET_PROTOCOL_FEATURES',
    pattern: /^negotiated Vhost-user protocol features: (0x[0-9a-f]+)/i,
    fill: (pending, _, [mask = '0']) => put(pending, { protocol_features: BigInt(mask) }),
  },
  {
    of: 'SET_FEATURES',
    pattern: /^(?:negotiated Virtio features: |dev->negotiated_features=)(0x[0-9a-f]+)/i,
    fill: (pending, _, [mask = '0']) => put(pending, { features: BigInt(mask) }),
  },
  { of: 'SET_VRING_CALL', pattern: /^vring call idx:(\d+) file:(-?\d+)/, fill: notifier },
  { of: 'SET_VRING_KICK', pattern: /^vring kick idx:(\d+) file:(-?\d+)/, fill: notifier },
  {
    of: 'SET_VRING_BASE',
    pattern: /^vring base idx:(\d+) last_used_idx:(?:\d+) last_avail_idx:(\d+)/,
    fill: (pending, [index = 0, num = 0]) => put(pending, { index, num }),
  },
  {
    of: 'GET_VRING_BASE',
    pattern: /^vring base idx:(\d+) file:(\d+)/,
    fill: (pending, [index = 0, num = 0]) => {
      put(pending, { index });
      pending.reply = { index, num };
    },
  },
  {
    of: 'SET_VRING_ENABLE',
    pattern: /^set queue enable: (\d+) to qp idx: (\d+)/,
    fill: (pending, [num = 0, index = 0]) => put(pending, { index, num }),
  },
  {
    of: 'SET_STATUS',
    pattern: /^new device status\((0x[0-9a-f]+)\)/,
    fill: (pending, [status = 0]) => put(pending, { status }),
  },
  {
    of: 'SET_LOG_BASE',
    pattern: /^log mmap size: (\d+), offset: (\d+)/,
    fill: (pending, [size = 0, offset = 0]) => {
      put(pending, { size, offset });
      pending.fds = 1;
    },
  },
  {
    of: 'SET_MEM_TABLE',
    pattern: /^guest memory region(?: \d+,)? size: (0x[0-9a-f]+)/,
    fill: (pending, _, [size = '0']) => {
      const regions = (pending.payload?.regions as Payload[] | undefined) ?? [];
      put(pending, { regions: [...regions, { size: BigInt(size) }] });
      pending.fds = regions.length + 1;
    },
  },
  { of: 'SET_MEM_TABLE', pattern: /^guest physical addr: (0x[0-9a-f]+)/, fill: ofRegion('guest_address') },
  { of: 'SET_MEM_TABLE', pattern: /^guest virtual +addr: (0x[0-9a-f]+)/, fill: ofRegion('user_address') },
  { of: 'SET_MEM_TABLE', pattern: /^mmap off +: (0x[0-9a-f]+)/, fill: ofRegion('mmap_offset') },
  ...['num_queues', 'queue_size'].map(field => ({
    of: 'GET_INFLIGHT_FD',
    pattern: new RegExp(`^[gs]et_inflight_fd ${field}: (\\d+)`),
    fill: inflight(field),
  })),
  ...['mmap_size', 'mmap_offset', 'num_queues', 'queue_size'].map(field => ({
    of: 'SET_INFLIGHT_FD',
    pattern: new RegExp(`^set_inflight_fd ${field}: (\\d+)`),
    fill: inflight(field),
  })),
];

/** Lines that repeat what other lines say, or tell what is true of every connection. */
const chatter =
  /^(?:vhost-user (?:server|client): socket created|binding succeeded|new device, handle|virtio is now ready|host +virtual +addr|mmap (?:addr|size|align) *:|-[A-Z_]+: \d$|set_inflight_fd (?:fd|pervq)|send inflight)/;

const dated = /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)Z?/;
const told = /VHOST_CONFIG: (?:\(([^)]*)\)\s|(\/\S+): )?(.*)$/;
/** DPDK up to 21.11 tells of a region in one go: only the first of its lines says who speaks. */
const continued = /^\s+(?:guest (?:physical|virtual)|mmap off)/;

/** One connection in the log. */
class Connection {
  readonly conversation: Conversation;
  pending: Pending | undefined;

  constructor(conversation: Conversation) {
    this.conversation = conversation;
  }

  /** Writes the last request, now that all about it was said. */
  flush(): void {
    const { pending, conversation } = this;
    if (!pending) return;
    this.pending = undefined;
    const { spec, time, payload, fds, reply } = pending;
    const bytes = encodeMessage({ channel: 'main', spec, payload: payload ?? {}, fdCount: fds });
    const known = payload === undefined || hasGaps(payload) ? bytes.subarray(0, headerSize) : bytes;
    const count = payload === undefined ? declaredFds(spec) : fds;
    const kind = spec.fds?.kinds?.[0] ?? 'unknown';
    const identities = Array.from({ length: count }, () => ({ identity: { kind } }));
    const common = { kind: 'message', channel: 'main', timeNs: time } as const;
    conversation.hear({ ...common, dir: 'front-to-back', bytes: known, wireLength: bytes.length, fds: identities });
    if (reply === undefined) return;
    const answer = encodeMessage({ channel: 'main', spec, reply: true, payload: reply });
    conversation.hear({ ...common, dir: 'back-to-front', bytes: answer, wireLength: answer.length, fds: [] });
  }
}

/** Regions of which the log does not tell where they lie. */
function hasGaps({ regions }: Payload): boolean {
  return Array.isArray(regions) && (regions as Payload[]).some(region => region.guest_address === undefined);
}

/** Descriptors that come with a message by its declaration: what the log does not tell must not look like a fault. */
function declaredFds({ fds }: MessageSpec): number {
  const [how, count] = fds?.count ?? ['none'];
  if (how === 'exactly') return Number(count);
  return how === 'unless' ? 1 : 0;
}

class Log {
  readonly #source: Source;
  readonly #connections = new Map<string, Connection>();
  /** The socket of the last line. */
  #last = '';

  constructor(source: Source) {
    this.#source = source;
  }

  take(line: string, number: number): void {
    const [, named, bare, words = ''] = told.exec(line) ?? [];
    const path = named ?? bare ?? '';
    if (this.#source.socket !== undefined && path !== this.#source.socket) return;
    this.#last = path;
    const date = dated.exec(line);
    const time = date ? BigInt(Date.parse(`${date[1]}T${date[2]}Z`)) * 1_000_000n : undefined;
    const text = words.trim();
    const request = /^read message (?:VHOST_USER_)?(\w+)/.exec(text)?.[1];
    if (request !== undefined) this.#request(path, request, time, number);
    else if (/^new vhost user connection is/.test(text)) this.#ended(path, 'unknown', time);
    else if (/^vhost peer closed/.test(text)) this.#ended(path, 'front-end', time);
    else this.#detail(path, text, time);
  }

  /** A line that goes on with what the one before has told. */
  goOn(line: string): void {
    if (continued.test(line)) this.#detail(this.#last, line.trim(), undefined);
  }

  /** A line about the last message, or about the connection. */
  #detail(path: string, text: string, time: bigint | undefined): void {
    const connection = this.#connections.get(path);
    if (!connection || chatter.test(text)) return;
    const { pending } = connection;
    const fact = pending && facts.find(one => one.of === pending.spec.name && one.pattern.test(text));
    const groups = fact?.pattern.exec(text)?.slice(1) ?? [];
    if (pending && fact) fact.fill(pending, groups.map(Number), groups);
    else {
      connection.flush();
      connection.conversation.event({ event: 'note', text, author: 'DPDK' }, time);
    }
  }

  #request(path: string, name: string, time: bigint | undefined, number: number): void {
    const known = this.#connections.get(path);
    const connection = known ?? new Connection(this.#source.connect(path === '' ? undefined : path));
    if (!known) {
      this.#connections.set(path, connection);
      connection.conversation.event({ event: 'connected', traced: 'back-end', ...(path !== '' && { path }) }, time);
    }
    connection.flush();
    const spec = messageByName(name)?.spec;
    if (spec) connection.pending = { spec, time, payload: undefined, fds: 0 };
    else this.#source.complain(number, `no message is called ${name}`);
  }

  #ended(path: string, first: 'front-end' | 'unknown', time: bigint | undefined): void {
    const connection = this.#connections.get(path);
    this.#connections.delete(path);
    connection?.flush();
    connection?.conversation.close('main', { how: 'eof', first }, time);
  }

  end(): void {
    for (const connection of this.#connections.values()) connection.flush();
  }
}

/** The format. */
export const dpdk: Format = {
  name: 'dpdk',
  title: 'log lines of DPDK',
  lacks: ['need_reply', 'replies', 'payloads of most messages', 'the back-end channel', 'descriptors'],
  recognizes: line => /VHOST_CONFIG: /.test(line),
  read(lines, source) {
    const log = new Log(source);
    let number = 0;
    for (const line of lines) {
      number++;
      if (line.includes('VHOST_CONFIG: ')) log.take(asText(line), number);
      else log.goOn(asText(line));
    }
    log.end();
  },
};
