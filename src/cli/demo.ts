/** `vhuscope demo`: everything with built-in peers. They speak the real protocol over real sockets, no VM is needed. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import * as conversations from '../peers/conversations.ts';
import type { Outcome } from '../peers/peer.ts';
import { expect, type Script, script, send, untilClosed } from '../peers/script.ts';
import { startPeer } from '../peers/start.ts';
import { blockBackEnd, qemuLike } from '../peers/traits.ts';
import { startEngine } from '../proxy/engine.ts';
import type { Command } from './command.ts';
import { command as read } from './read.ts';
import { Failure } from './usage.ts';
import { version } from './version.ts';
import { isTerminal, type ViewFlags, view, viewOptions } from './viewing.ts';

interface DemoOptions extends ViewFlags {
  write?: string;
  print?: boolean;
}

const sector = Uint8Array.from({ length: 512 }, (_, i) => 0x41 + (i % 26));

/** A block device is connected, used, told that its configuration changed, and stopped; then it is connected again. */
const frontEndScripts: readonly Script[] = [
  script(
    conversations.qemuConnects(1),
    conversations.readsConfig,
    conversations.qemuStartsBlk(),
    conversations.writesBlocks(7, sector),
    expect('BACKEND_CONFIG_CHANGE_MSG'),
    conversations.readsConfig,
    conversations.qemuStops(),
  ),
  script(
    conversations.qemuConnects(1),
    conversations.qemuStartsBlk(),
    conversations.readsBlocks(7, sector.length),
    conversations.qemuStops(),
  ),
];
const backEndScripts: readonly Script[] = [
  script(expect('SET_VRING_ENABLE'), send('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: true }), untilClosed()),
  script(untilClosed()),
];

/** The command. */
export const command: Command<DemoOptions> = {
  name: 'demo',
  summary: 'record and show a session of two built-in peers; needs no VM',
  about:
    'Starts a simulated front-end and a simulated back-end, lets them use a block device through the proxy over real ' +
    'sockets, memory and eventfds, records that, and opens the recording in the terminal interface. Where there is no ' +
    'terminal, or with --print, it prints the recording instead and ends with status 0 after about a second.',
  arguments: [],
  options: [
    { flags: '-w, --write <file>', meaning: 'write the capture there, not to a temporary folder', completes: 'file' },
    { flags: '--print', meaning: 'print the recording, also on a terminal' },
    ...viewOptions,
  ],
  examples: [
    { line: 'vhuscope demo', meaning: 'see what a session looks like' },
    { line: 'vhuscope demo --print', meaning: 'the same as lines of text' },
    { line: 'vhuscope demo -w demo.pcapng', meaning: 'keep the capture and open it with other tools' },
  ],
  run: async (_, options) => {
    // mkdtemp makes a folder that only its owner can enter.
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-demo-'));
    const capture = options.write === undefined ? join(folder, 'demo.pcapng') : resolve(options.write);
    await recordSession(folder, capture);
    const looks = isTerminal() && !options.print;
    const status = looks
      ? (await view({ paths: [capture], title: 'demo', follow: false }, options)).status
      : await read.run([capture], { color: 'auto' });
    process.stdout.write(whatNext(capture));
    return status;
  },
};

/** Runs the two peers through an engine and checks that the device has kept what was written to it. */
async function recordSession(folder: string, capture: string): Promise<void> {
  const front = { path: join(folder, 'front.sock') };
  const back = { path: join(folder, 'back.sock') };
  const backEnd = startPeer({
    ...{ side: 'back-end', address: back, socket: 'listen' },
    ...{ traits: blockBackEnd(), scripts: backEndScripts },
  });
  await backEnd.ready;
  const engine = await startEngine(
    {
      pairs: [
        {
          name: 'demo',
          device: { id: 2, from: 'option', reason: 'what the demo has', confidence: 'certain' },
          frontEnd: { role: 'listen', address: front },
          backEnd: { role: 'connect', address: back },
        },
      ],
      capture: { path: capture },
      version: `vhuscope ${version}`,
    },
    () => {},
  );
  const frontEnd = startPeer({
    ...{ side: 'front-end', address: front, socket: 'connect' },
    ...{ traits: qemuLike(), scripts: frontEndScripts },
  });
  const used = await frontEnd.ended;
  if (used.error) backEnd.stop();
  const served = await backEnd.ended;
  await engine.stop();
  check(used, served);
}

function check(front: Outcome, back: Outcome): void {
  const trouble = front.error ?? back.error;
  if (trouble) throw new Failure(`the demo did not come to its end: ${trouble}`);
  const read = front.connections[1]?.answers[0];
  if (!read || !Buffer.from(sector).equals(read.subarray(0, sector.length)))
    throw new Failure('the demo read back something else than it wrote');
}

/** How this program was called, for commands to copy. */
function program(): string {
  const script = process.argv[1] ?? 'vhuscope';
  return script.endsWith('.js') ? `node ${relative(process.cwd(), script)}` : 'vhuscope';
}

function whatNext(capture: string): string {
  const name = program();
  const lines = [
    ['that was a block device behind the proxy: connected, used, reconfigured, stopped, and connected again'],
    ['the capture is', capture],
    ['look through it', `${name} open ${capture}`],
    ['read it again', `${name} read ${capture}`],
    ['after the reconnect', `${name} read --epoch 2 ${capture}`],
    ['one ring', `${name} read ${capture} 'vring.index == 0'`],
    ['every field', `${name} read --json ${capture}`],
    ['what is wrong', `${name} check ${capture}`],
    ['in Wireshark', `${name} wireshark install && wireshark ${capture}`],
    ['your own devices', `${name} proxy --help`],
  ];
  return `\n${lines.map(([what, how]) => (how ? `${what?.padEnd(21)}${how}` : what)).join('\n')}\n`;
}
