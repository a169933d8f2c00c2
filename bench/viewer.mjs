// The terminal interface on a large capture, as a person waits for it: the built program in a pseudo-terminal.
//   node bench/viewer.mjs [RECORDS=10000000] [CAPTURE]
// CAPTURE is used where it is there; else the generated records are kept in it.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packetsOf } from '../dist/capture/packet.js';
import { CaptureWriter } from '../dist/capture/writer.js';
import { ms, Screen, say, spread } from './screen.mjs';

const records = Number(process.argv[2] ?? 10_000_000);
if (!Number.isSafeInteger(records) || records < 1000)
  throw new Error(`RECORDS must be at least 1000, not ${process.argv[2]}`);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
const path = resolve(process.argv[3] ?? join(folder, 'bench.pcapng'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

/** GET_FEATURES, its reply and SET_OWNER; then with SET_VRING_CALL in place of that, again and again. */
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
  // Without it a rule would complain of every third message.
  const owner = packetsOf({ ...base, ...message(3, 1, new Uint8Array(0)), dir: 'front-to-back' }, 0)[0];
  const writer = new CaptureWriter(path);
  writer.addInterface('vm/main');
  for (let n = 1; n <= records; n++) {
    const { head, packet } = n === 3 ? owner : made[(n - 1) % made.length];
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

const screen = new Screen();
const lines = (from, count) => screen.lines(from, count);
const until = (what, wished) => screen.until(what, wished);
const shows = (what, wanted) => screen.shows(what, wanted);

if (!existsSync(path)) write();
console.log(`${records} records, ${Math.round(statSync(path).size / 1e6)} MB`);
const program = resolve(import.meta.dirname, '../dist/cli/main.js');

/** Opens the capture; `started` is when. */
function open() {
  const { program: viewer, ...rest } = screen.start([program, 'open', path]);
  return { viewer, ...rest };
}

// The first start finds nothing of the program in memory and is not counted.
const starts = [];
for (let i = 0; i < 6; i++) {
  const { viewer, started, ended } = open();
  await shows('first paint', /vhuscope/);
  const paint = performance.now() - started;
  await shows('first messages', /\b1 +0\.000000 .*GET_FEATURES/);
  if (i > 0) starts.push({ paint, messages: performance.now() - started });
  viewer.write('q');
  await ended;
}
const startSpread = key => {
  const all = starts.map(one => one[key]).sort((a, b) => a - b);
  return `median ${ms(all[all.length >> 1])}, ${ms(all[0])} to ${ms(all.at(-1))}`;
};
say('first paint', startSpread('paint'));
say('first messages shown', startSpread('messages'));

/** Records are indexed, and rules and session have gone through all of them. */
const isIndexed = () => new RegExp(` ${records} records(?! +reading)`).test(screen.text);
const isSurveyed = () => isIndexed() && !/ examining \d+%/.test(lines(0, 1)[0]);

// Nobody touches a key.
const calm = open();
await until('all records indexed', isIndexed);
say('all records indexed', ms(performance.now() - calm.started));
await until('the survey', isSurveyed);
say('rules and session over all messages, since the start', ms(performance.now() - calm.started));
calm.viewer.write('q');
await calm.ended;

const { viewer, ended } = open();
const memory = () =>
  Math.round(Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${viewer.pid}/status`, 'utf8'))?.[1]) / 1024);
const rowAtTop = () => /\d+/.exec(lines(2, 1)[0])?.[0];

/** Times single keys: from the key until the list begins with another record. */
async function keys(what, enough) {
  const times = [];
  // The first page may only move the cursor to the end of the screen.
  viewer.write('\x06');
  await pause(100);
  while (times.length < 10 || (times.length < 200 && !enough())) {
    const before = rowAtTop();
    const begun = performance.now();
    viewer.write('\x06');
    await until(what, () => rowAtTop() !== before);
    times.push(performance.now() - begun);
    await pause(15 + (times.length % 10));
  }
  say(`a page down ${what} (${times.length} times)`, spread(times));
}

await shows('first messages', /\b1 +0\.000000 .*GET_FEATURES/);
await keys('while it is indexed', isIndexed);
await until('all records indexed', isIndexed);
await keys('while the rules go through it', isSurveyed);
viewer.write('G');
say('to the last message', ms(await shows('the last message', new RegExp(`\\b${records} +\\d+\\.`))));
viewer.write('g');
await until('the survey', isSurveyed);
/** Searches for what is nowhere; a search may be over before anything tells of it. */
async function search() {
  viewer.write('g/nowhere to be found\r');
  await shows('the search', /searching for|does not occur/);
}
await search();
await pause(300);
const stopping = performance.now();
viewer.write('\x1b');
await until('the search given up', () => !/searching for/.test(screen.text));
say('a search given up', ms(performance.now() - stopping));
await search();
await keys('while it is searched', () => !/searching for/.test(screen.text));
await pause(200);
const searching = performance.now();
await search();
await shows('the end of the search', /does not occur/);
say('the search of all messages', ms(performance.now() - searching));
viewer.write('fGET_FEATURES and reply\r');
say(
  'a filter over all messages',
  ms(await shows('the filter', new RegExp(`${Math.floor((records + 1) / 3)} of ${records}`))),
);
say('memory at most', `${memory()} MB`);
viewer.write('q');
await ended;
process.exit();
