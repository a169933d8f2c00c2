/** Transcripts: the lines that `vhuscope read` prints, whole or picked out, or written by hand. */
import { EncodeError } from '../decode/encode.ts';
import { deviceByName } from '../decode/spec/devices/index.ts';
import { SyntaxProblem } from '../decode/syntax-problem.ts';
import { encodeLine, parseLine } from '../decode/text/parse.ts';
import { asText } from './line-source.ts';
import type { Conversation } from './scribe.ts';
import type { Format, Source } from './source.ts';

const head =
  /^\s*(?:(\d+)\s+)?(?:(-?\s*\d+\.\d+)\s+)?(?:\[(?:(.+) )?(\d+)\.(\d+)\] )?(F(?:→|->)B|F(?:←|<-)B|───|----)\s+/;

class Transcript {
  readonly #source: Source;
  readonly #conversations = new Map<string, Conversation>();

  constructor(source: Source) {
    this.#source = source;
  }

  take(line: string, number: number): void {
    const [all = '', n, seconds, pair, session, epoch, sign = ''] = head.exec(line) ?? [];
    const conversation = this.#conversation(pair, Number(session ?? 1), Number(epoch ?? 1));
    const timeNs =
      seconds === undefined ? undefined : BigInt(Math.round(Number(seconds.replace(' ', '')) * 1e6)) * 1000n;
    if (sign === '───' || sign === '----') {
      const text = line.slice(all.length);
      const device = deviceByName(/^the device is (\w+)/.exec(text)?.[1] ?? '');
      if (device) for (const known of this.#conversations.values()) known.isDevice(device.id);
      conversation.event({ event: 'note', text, author: 'transcript' }, timeNs);
      return;
    }
    try {
      const said = parseLine(line);
      const bytes = encodeLine(said, conversation.context);
      const length =
        said.wholeLength === undefined ? bytes.length : bytes.length - (said.length ?? 0) + said.wholeLength;
      conversation.hear({
        ...{
          kind: said.raw ? 'raw' : 'message',
          channel: said.channel,
          dir: said.dir,
          bytes,
          wireLength: length,
          timeNs,
        },
        fds: said.fds.map(identity => ({ identity })),
        fdCount: said.fdCount,
        n: n === undefined ? undefined : Number(n),
      });
    } catch (error) {
      if (!(error instanceof SyntaxProblem) && !(error instanceof EncodeError)) throw error;
      this.#source.complain(number, error.message);
    }
  }

  #conversation(pair: string | undefined, session: number, epoch: number): Conversation {
    const key = `${pair ?? ''} ${session}.${epoch}`;
    const conversation = this.#conversations.get(key) ?? this.#source.connect(pair, { session, epoch });
    this.#conversations.set(key, conversation);
    return conversation;
  }
}

/** The format. */
export const transcript: Format = {
  name: 'transcript',
  title: 'a transcript',
  lacks: ['the time of day', 'how descriptors are told from others, beyond kind, object and size'],
  recognizes: line => head.test(asText(line)),
  read(lines, source) {
    const reader = new Transcript(source);
    let number = 0;
    for (const line of lines) {
      number++;
      const text = asText(line);
      // An empty line, or a remark of whoever wrote it.
      if (!/^\s*(?:#|$)/.test(text)) reader.take(text, number);
    }
  },
};
