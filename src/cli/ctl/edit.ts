import type { WrittenChange } from '../../control/messages.ts';
import { UsageError } from '../usage.ts';
import { ofConnection, ofMessage } from './options.ts';
import { type CtlFlags, print, recordNumber, type Verb } from './verb.ts';

interface EditFlags extends CtlFlags {
  hex?: boolean;
  fds?: string;
  release?: boolean;
}

interface InjectFlags extends CtlFlags {
  hex?: boolean;
  fds?: string;
  keepReply?: boolean;
  pair?: string;
  connection?: number;
  channel?: 'main' | 'backend-req' | 'gpu';
  direction?: 'front-to-back' | 'back-to-front';
}

/** Words as a change: hex, assignments to fields, or a line. */
function changeOf(words: readonly string[], hex: boolean | undefined): WrittenChange {
  const text = words.join(' ');
  if (hex) return { hex: text };
  return /^\s*(?:!(?:flags|size)|[a-z_][\w.[\]]*)=/.test(text) ? { set: text } : { line: text };
}

export const edit: Verb<EditFlags> = {
  usage: 'N FIELD=VALUE…|LINE|HEX',
  meaning: 'change fields of a held message, or all of it; it stays held, with --release it goes on',
  options: [...ofMessage, { flags: '--release', meaning: 'let it go as well' }],
  examples: [
    { line: 'vhuscope ctl edit 41 num=256 --release', meaning: 'change a field; sizes and counts follow' },
    { line: "vhuscope ctl edit 41 '!size=4'", meaning: 'insist on a wrong size in the header' },
    { line: 'vhuscope ctl edit 41 --fds 0,eventfd', meaning: 'keep the first descriptor, and add a fresh eventfd' },
  ],
  async run(engine, [first, ...words], flags) {
    const n = recordNumber(first, 'ctl edit');
    if (words.length === 0 && flags.fds === undefined)
      throw new UsageError('ctl edit: expected fields, a line, or --fds');
    const change = words.length === 0 ? undefined : changeOf(words, flags.hex);
    const edited = await engine.request('edit', { n, change, fds: flags.fds });
    const released = edited.done && flags.release ? (await engine.request('release', { n })).released[0] : undefined;
    print(released ?? edited, flags, ({ done, state }) => [done ? `${n} ${state}` : `${n} had gone on (${state})`]);
    return edited.done ? 0 : 1;
  },
};

export const inject: Verb<InjectFlags> = {
  usage: 'LINE|HEX',
  meaning: 'send a message of your own, on any channel and in either direction',
  options: [
    ...ofMessage,
    ...ofConnection,
    { flags: '--keep-reply', meaning: 'keep the reply from the side that did not ask' },
    { flags: '--channel <channel>', meaning: 'with --hex', choices: ['main', 'backend-req', 'gpu'] },
    { flags: '--direction <dir>', meaning: 'with --hex', choices: ['front-to-back', 'back-to-front'] },
  ],
  examples: [
    { line: "vhuscope ctl inject --keep-reply 'F→B GET_FEATURES'", meaning: 'ask the back-end behind QEMU’s back' },
    { line: "vhuscope ctl inject 'F←B BACKEND_CONFIG_CHANGE_MSG'", meaning: 'tell QEMU that the config has changed' },
  ],
  async run(engine, words, flags) {
    if (words.length === 0) throw new UsageError('ctl inject: expected a line, or hex with --hex');
    const { hex, fds, keepReply, pair, connection, channel, direction } = flags;
    const message = hex ? { hex: words.join(' ') } : { line: words.join(' ') };
    const sent = await engine.request('inject', { message, fds, keepReply, pair, connection, channel, direction });
    print(sent, flags, ({ n }) => [n === undefined ? 'waits for the end of another message' : `sent as ${n}`]);
    return 0;
  },
};
