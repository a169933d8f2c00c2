/** A replay kept as a capture: what was said and heard this time, and who plays. */
import { randomBytes } from 'node:crypto';
import { packetsOf } from '../capture/packet.ts';
import type { Piece } from '../capture/section.ts';
import { CaptureWriter } from '../capture/writer.ts';
import type { Channel, Context, Frame } from '../decode/frame.ts';
import { headerSize, readHeader } from '../decode/header.ts';
import { Objects } from '../decode/objects.ts';
import { maskSecrets, mayHoldSecrets } from '../decode/secrets.ts';
import { otherSide } from '../decode/side.ts';
import { ringOf, useOf, usesEndedBy } from '../decode/uses.ts';
import { monotonicNs, wallOffsetNs } from '../sys/clock.ts';
import type { Performance } from './outcome.ts';
import type { Recording } from './recording.ts';

/** What is kept, and about whom. */
export interface Keeping {
  /** The capture that is written. */
  readonly path: string;
  /** The capture that is played, for people. */
  readonly of: string;
  /** Program and version, for the file's head. */
  readonly program: string;
  /** The process at the other end, as far as the socket tells. */
  readonly living: { readonly pid: number; readonly uid: number } | undefined;
  /** Keep crypto keys. */
  readonly keepSecrets: boolean;
}

/** One connection. */
const connection = 1;

/** Writes the capture as the replay goes on. */
export class Keeper {
  readonly #keeping: Keeping;
  readonly #recording: Recording;
  readonly #writer: CaptureWriter;
  readonly #interfaces = new Map<Channel, number>();
  readonly #captureId = randomBytes(8).readBigUInt64LE();
  readonly #objects = new Objects();
  readonly #offsets = new Map<string, number>();
  /** Numbers in the file, by those the player gives its messages. */
  readonly #numbers = new Map<number, number>();
  #last = 0;
  #closed = false;

  /** Begins the file. Throws a CaptureError where that is not possible. */
  constructor(keeping: Keeping, recording: Recording) {
    this.#keeping = keeping;
    this.#recording = recording;
    this.#writer = new CaptureWriter(keeping.path, { userAppl: keeping.program });
    const { side, pair, session, epoch } = recording;
    const player = { pid: process.pid, uid: process.getuid?.() ?? 0, comm: 'vhuscope' };
    const [front, back] = side === 'front-end' ? [player, keeping.living] : [keeping.living, player];
    this.#event({ event: 'connected', connection, front_end: front ?? {}, back_end: back ?? {} });
    this.#event({
      event: 'note',
      text: `replay of ${keeping.of}: vhuscope plays the ${side} of ${pair}, session ${session}.${epoch}`,
    });
  }

  /** Records kept so far. */
  get records(): number {
    return this.#last;
  }

  /** Takes a message that was said or heard; its descriptors are still open or known. */
  readonly take = (frame: Frame): void => {
    const { channel, dir, bytes, context } = frame;
    const header = readHeader(bytes, 0, context.bigEndian === true);
    if (!header) return;
    const at = frame.receivedNs > 0n ? frame.receivedNs : frame.sentNs;
    const stream = `${channel} ${dir}`;
    const offset = this.#offsets.get(stream) ?? 0;
    this.#offsets.set(stream, offset + frame.wireLength);
    const ring = ringOf(bytes, bytes.length - headerSize, context.bigEndian !== true);
    const use = useOf(channel, header.id, frame.reply === true, ring);
    const fds = frame.fds.map(fd => ({ ...fd }));
    if (fds.length > 0) this.#objects.pass(connection, use, fds);
    if (!frame.reply)
      for (const kind of usesEndedBy(channel, header.id)) this.#objects.end(connection, `main:${kind}:${ring}`);
    const envelope = { channel, dir, context, wireLength: frame.wireLength, fdCount: fds.length };
    const hides = !this.#keeping.keepSecrets && mayHoldSecrets(channel, header.id);
    const masked = hides ? maskSecrets(bytes, envelope) : undefined;
    const { answers, ...rest } = frame;
    const asked = answers === undefined ? undefined : this.#numbers.get(answers);
    this.#numbers.set(frame.n, this.#last + 1);
    this.#record({
      ...{ ...rest, offset, fds, receivedNs: at, sentNs: at, bytes: masked ?? bytes },
      ...(asked !== undefined && { answers: asked }),
      ...(masked && { masked: true }),
    });
  };

  /** Ends the file, once: with who closed the connection. Throws a CaptureError where it could not be written. */
  close(performance?: Performance): void {
    if (this.#closed) return;
    this.#closed = true;
    if (performance) {
      const { side, end } = performance;
      this.#event({
        event: 'closed',
        channel: 'main',
        how: 'eof',
        first: end.how === 'closed' ? otherSide(side) : side,
      });
    }
    this.#writer.close();
    if (this.#writer.failure) throw this.#writer.failure;
  }

  #event(body: { event: string } & Record<string, unknown>): void {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const context: Context = {};
    const now = BigInt(Math.round(monotonicNs()));
    this.#record({
      ...{ kind: 'event', channel: 'main', bytes, wireLength: bytes.length, offset: 0, fds: [], context },
      ...{ receivedNs: now, sentNs: 0n },
    });
  }

  #record(known: Omit<Piece, 'n' | 'pair' | 'session' | 'epoch' | 'wallNs'>): void {
    const { pair } = this.#recording;
    const interfaceId = this.#interfaces.get(known.channel) ?? this.#writer.addInterface(`${pair}/${known.channel}`);
    this.#interfaces.set(known.channel, interfaceId);
    const place = { pair, session: 1, epoch: 1, captureId: this.#captureId };
    const piece = { ...known, ...place, n: ++this.#last, wallNs: known.receivedNs + wallOffsetNs() };
    for (const { head, packet } of packetsOf(piece, interfaceId)) this.#writer.packet(head, packet, 0, packet.length);
    this.#writer.flush();
  }
}
