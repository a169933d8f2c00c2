// The terminal interface on a large capture, as a person waits for it: the built program in a pseudo-terminal.
//   node bench/viewer.mjs [RECORDS=10000000]
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { packetsOf } from '../dist/capture/packet.js';
import { CaptureWriter } from '../dist/capture/writer.js';

const records = Number(process.argv[2] ?? 10_000_000);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
const path = join(folder, 'bench.pcapng');
process.on('exit', () => rmSync(folder, { recursive: true }));

/** GET_FEATURES and its reply, then SET_VRING_CALL, again and again. */
function write() {
  const base = {
    ...{ n: 1, kind: 'message', captureId: 5n, pair: 'vm', channel: 'main', session: 1, epoch: 1, wallNs: 0n },
    ...{ receivedNs: 5n, sentNs: 6n, offset: 0, fds: [] },
    context: { features: 0x1_4000_0000n, protocolFeatures: 0xfffn, device: 26 },
  };
  const message = (id, flags, payload) => {
    const bytes = new Uint8Array(12 + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, id, true);
    view.setUint32(4, flags, true);
    view.setUint32(8, payload.length, true);
    bytes.set(payload, 12);
    return { bytes, wireLength: bytes.length };
  };
  const features = new Uint8Array([0, 0, 0, 0x40, 1, 0, 0, 0]);
  const ring = new Uint8Array([0, 1, 0, 0, 0, 0, 0, 0]);
  const made = [
    { ...base, ...message(1, 1, new Uint8Array(0)), dir: 'front-to-back' },
    { ...base, ...message(1, 5, features), dir: 'back-to-front', reply: true, answers: 1 },
    { ...base, ...message(13, 1, ring), dir: 'front-to-back' },
  ].map(frame => packetsOf(frame, 0)[0]);
  const writer = new CaptureWriter(path);
  writer.addInterface('vm/main');
  for (let n = 1; n <= records; n++) {
    const { head, packet } = made[(n - 1) % made.length];
    const view = new DataView(packet.buffer);
    view.setUint32(16 + 24, n, true);
    if (n % 3 === 2) view.setUint32(16 + 32, n - 1, true);
    head.nLow = n;
    head.wallLow = n * 100;
    writer.packet(head, packet, 0, packet.length);
    if (n % 1024 === 0) writer.flush();
  }
  writer.close();
}

const size = { cols: 200, rows: 60 };
const emulator = new headless.Terminal({ ...size, allowProposedApi: true });
let wake = () => {};
const screen = () => {
  const { active } = emulator.buffer;
  return Array.from({ length: size.rows }, (_, y) => active.getLine(y)?.translateToString(true) ?? '').join('\n');
};
async function until(wanted) {
  const start = performance.now();
  while (!wanted.test(screen()))
    await new Promise(seen => {
      wake = seen;
    });
  return performance.now() - start;
}
const ms = value => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
const say = (what, value) => console.log(`${what.padEnd(56)} ${value}`);

write();
console.log(`${records} records, ${Math.round(statSync(path).size / 1e6)} MB`);
const program = resolve(import.meta.dirname, '../dist/cli/main.js');
const started = performance.now();
const viewer = spawn(process.execPath, [program, 'open', path], {
  ...size,
  name: 'xterm-256color',
  env: { ...process.env, LANG: 'C.UTF-8' },
});
viewer.onData(data => emulator.write(data, () => wake()));
const memory = () => /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${viewer.pid}/status`, 'utf8'))?.[1];

await until(/vhuscope/);
say('first paint', ms(performance.now() - started));
await until(/\d+ {5}.*GET_FEATURES/);
say('first messages shown', ms(performance.now() - started));
await until(new RegExp(` ${records} records(?! +reading)`));
say('all records indexed', ms(performance.now() - started));

/** Times single keys: from the key to the row number that must appear under the cursor's detail. */
async function keys(what, count) {
  const times = [];
  for (let i = 0; i < count; i++) {
    const before = screen();
    const begun = performance.now();
    viewer.write(i % 2 === 0 ? '\x06' : 'j');
    while (screen() === before)
      await new Promise(seen => {
        wake = seen;
      });
    times.push(performance.now() - begun);
    await pause(20);
  }
  times.sort((a, b) => a - b);
  say(`${what}: a key until the screen changes`, `median ${ms(times[count >> 1])}, slowest ${ms(times.at(-1))}`);
}
await keys('while the rules go through it', 60);
viewer.write('G');
say('to the last message', ms(await until(new RegExp(`\\b${records} +\\d+\\.`))));
viewer.write('g5');
await until(/\b1 +0\.000000/);
await until(/nothing was found|\d+ (error|warning|note)/);
say('rules and session over all messages, since the start', ms(performance.now() - started));
viewer.write('1');

viewer.write('/nowhere to be found\r');
await until(/searching/);
say('the search of all messages', ms(await until(/does not occur/)));
viewer.write('fGET_FEATURES and reply\r');
say('a filter over all messages', ms(await until(new RegExp(`${Math.floor((records + 1) / 3)} of ${records}`))));
say('memory at most', `${Math.round(Number(memory()) / 1024)} MB`);
viewer.write('q');
await new Promise(done => viewer.onExit(done));
process.exit();
