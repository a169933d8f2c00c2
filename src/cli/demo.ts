/** `vhuscope demo`: everything with built-in peers. They speak the real protocol over real sockets, no VM is needed. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { ControlClient } from '../control/client.ts';
import type { Outcome } from '../peers/peer.ts';
import { startPeer } from '../peers/start.ts';
import { startEngine } from '../proxy/engine.ts';
import type { Command } from './command.ts';
import { demoPair, demoPeers, sector } from './demo-session.ts';
import { command as read } from './read.ts';
import { serve } from './serve.ts';
import { Failure } from './usage.ts';
import { version } from './version.ts';
import { isTerminal, type ViewFlags, view, viewOptions } from './viewing.ts';

interface DemoOptions extends ViewFlags {
  write?: string;
  print?: boolean;
}

/** The command. */
export const command: Command<DemoOptions> = {
  name: 'demo',
  summary: 'record and show a session of two built-in peers; needs no VM',
  about:
    'Starts a simulated front-end and a simulated back-end, lets them use a block device through the proxy over real ' +
    'sockets, memory and eventfds, records that, and opens the terminal interface on it: the device is used and ' +
    'connected again until you quit, so that messages can be held, changed and answered. Where there is no terminal, or ' +
    'with --print, it records two connections, prints them and ends with status 0 after about a second.',
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
    const looks = isTerminal() && !options.print;
    if (!looks) await recordSession(folder, capture);
    const status = looks ? await watchSession(folder, capture, options) : await read.run([capture], { color: 'auto' });
    process.stdout.write(whatNext(capture));
    return status;
  },
};

/** Runs the two peers through an engine and checks that the device has kept what was written to it. */
async function recordSession(folder: string, capture: string): Promise<void> {
  const { front, back } = demoPeers(folder, false);
  const backEnd = startPeer(back);
  await backEnd.ready;
  const engine = await startEngine(
    { pairs: [demoPair(folder)], capture: { path: capture }, version: `vhuscope ${version}` },
    () => {},
  );
  const frontEnd = startPeer(front);
  const used = await frontEnd.ended;
  if (used.error) backEnd.stop();
  const served = await backEnd.ended;
  await engine.stop();
  check(used, served);
}

/** The same while somebody looks on: the peers go on until the interface is quit. */
async function watchSession(folder: string, capture: string, options: ViewFlags): Promise<number> {
  const { front, back } = demoPeers(folder, true);
  const backEnd = startPeer(back);
  await backEnd.ready;
  const { engine, control, end } = await serve({ pairs: [demoPair(folder)], capture: { path: capture }, quiet: true });
  const frontEnd = startPeer(front);
  try {
    const client = control && (await ControlClient.connect(control, { program: 'tui' }));
    const watched = client && { client, owned: false };
    return (
      await view({ paths: [capture], title: 'demo', follow: false, ...(watched && { engine: watched }) }, options)
    ).status;
  } finally {
    await engine.ask('release', { by: 'the end of the demo' }).catch(() => {});
    for (const peer of [frontEnd, backEnd]) peer.stop();
    await end(0);
    await Promise.all([frontEnd.ended, backEnd.ended]);
  }
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
