// How long the state and the rules take over long captures, and how fast any place of one is shown. A capture begins
// as a real one did; then what real peers said while the guest ran is repeated until it is long.
//   node bench/examination.mjs [RECORDS=10000000] [SCENARIO…]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packetsOf } from '../dist/capture/packet.js';
import { readCapture } from '../dist/capture/reader.js';
import { CaptureWriter } from '../dist/capture/writer.js';
import { examine } from '../dist/trace/examination.js';
import { States } from '../dist/trace/states.js';
import { Trace } from '../dist/trace/trace.js';

const records = Number(process.argv[2] ?? 10_000_000);
const wanted = process.argv.slice(3);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** The recording, the names of what is repeated, and what makes each round differ. */
const scenarios = {
  'IOTLB misses and updates': ['qemu10-iommu', ['BACKEND_IOTLB_MSG', 'IOTLB_MSG'], 'iova'],
  'interrupts masked and unmasked': ['fs', ['SET_VRING_CALL'], undefined],
  'a disk set up again and again': ['blk', undefined, undefined],
};

const numberAt = 16 + 24;
const answersAt = 16 + 32;
const epochAt = 16 + 20;

function write(path, capture, repeated, varied) {
  const frames = [...readCapture(resolve(import.meta.dirname, `../captures/${capture}.pcapng`))];
  const nameOf = new Map([
    [13, 'SET_VRING_CALL'],
    [22, 'IOTLB_MSG'],
    [1, 'BACKEND_IOTLB_MSG'],
  ]);
  const isRepeated = frame =>
    frame.kind === 'message' &&
    (frame.channel === 'backend-req') === (frame.bytes[0] === 1) &&
    repeated?.includes(nameOf.get(frame.bytes[0]));
  const round = repeated ? frames.filter(isRepeated) : frames.filter(frame => frame.session > 0);
  const channels = ['main', 'backend-req', 'gpu'];
  const writer = new CaptureWriter(path);
  for (const channel of channels) writer.addInterface(`${frames[0].pair}/${channel}`);
  let written = 0;
  const put = (made, epoch) => {
    const numbers = new Map();
    const base = written;
    for (const { frame, head, packet, view, bytesAt } of made) {
      const n = ++written;
      numbers.set(frame.n, n);
      view.setUint32(numberAt, n, true);
      view.setUint32(epochAt, epoch, true);
      if (frame.answers !== undefined) view.setUint32(answersAt, numbers.get(frame.answers) ?? n - 1, true);
      if (varied === 'iova' && packet.length >= bytesAt + 44)
        view.setUint32(bytesAt + 12, (Math.floor(base / 8) % 65536) * 4096 + 0x1000000, true);
      head.nLow = n;
      head.wallLow = n * 100;
      writer.packet(head, packet, 0, packet.length);
      if (written % 1024 === 0) writer.flush();
      if (written >= records) return;
    }
  };
  const made = list =>
    list.map(frame => {
      const [{ head, packet }] = packetsOf(frame, channels.indexOf(frame.channel));
      const bytesAt = packet.length - frame.bytes.length;
      return { frame, head, packet, bytesAt, view: new DataView(packet.buffer, packet.byteOffset) };
    });
  const first = frames.findIndex(isRepeated);
  const answeredLater = new Set(frames.slice(first).map(({ answers }) => answers));
  const opening = frames.slice(0, first).filter(frame => !answeredLater.has(frame.n));
  const begin = made(opening.filter(frame => frame.session > 0 && frame.kind === 'message'));
  const again = made(round);
  if (repeated) {
    const before = varied;
    varied = undefined;
    put(begin, 1);
    varied = before;
  }
  for (let epoch = 1; written < records; epoch++) put(again, repeated ? 1 : epoch);
  writer.close();
}

/** Runs something; gives what it gave, and how long it took, by the clock and in processor time. */
function measured(run) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = run();
  const passed = ((performance.now() - start) / 1000).toFixed(2);
  const { user, system } = process.cpuUsage(cpu);
  return [result, `${passed} s (${((user + system) / 1e6).toFixed(2)} s of processor time)`];
}
const memory = () => `${Math.round(process.memoryUsage().rss / 1e6)} MB`;

for (const [name, [capture, repeated, varied]] of Object.entries(scenarios)) {
  if (wanted.length > 0 && !wanted.some(word => name.includes(word))) continue;
  const path = join(folder, 'long.pcapng');
  write(path, capture, repeated, varied);
  const [{ findings, messages, connections }, examined] = measured(() => examine(path));
  const counts = new Map();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const found = findings.length === 0 ? 'nothing' : [...counts].map(([rule, count]) => `${rule} ${count}`).join(', ');
  console.log(`${name}: ${messages} messages on ${connections} connections`);
  console.log(`  examined in ${examined}, ${memory()}; found ${found}`);
  const trace = Trace.open(path);
  while (trace.advance());
  const states = new States(trace);
  let longest = 0;
  const [, folded] = measured(() => {
    for (let more = true; more; ) {
      const begun = performance.now();
      more = states.advance();
      longest = Math.max(longest, performance.now() - begun);
    }
  });
  console.log(
    `  states of ${trace.length} rows in ${folded}, ${memory()}; the longest slice took ${longest.toFixed(1)} ms`,
  );
  const places = Array.from({ length: 100 }, (_, i) => Math.floor((((i * 37) % 100) / 100) * trace.length));
  const [, shown] = measured(() => places.map(row => states.at(row)));
  console.log(`  the state at 100 places in ${shown}`);
  trace.close();
}
