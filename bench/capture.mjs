// How fast captures are written, read, indexed and paged through, in one process and by its own processor time.
//   node bench/capture.mjs [RECORDS=10000000]
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packetsOf } from '../dist/capture/packet.js';
import { readCapture } from '../dist/capture/reader.js';
import { CaptureWriter } from '../dist/capture/writer.js';
import { TraceReader } from '../dist/trace/reading.js';
import { Trace } from '../dist/trace/trace.js';

const records = Number(process.argv[2] ?? 10_000_000);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
const path = join(folder, 'bench.pcapng');
process.on('exit', () => rmSync(folder, { recursive: true }));

/** Runs something and tells how many of its things there were in a second of processor time, and in a second. */
function measure(what, count, run) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  run();
  const wall = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rate = seconds => `${(count / seconds / 1e6).toFixed(2)} M/s`;
  console.log(`${what.padEnd(34)} ${rate((user + system) / 1e6).padStart(11)} of processor time, ${rate(wall)} passed`);
}

const megabytes = bytes => `${Math.round(bytes / 1e6)} MB`;
const milliseconds = start => `${(performance.now() - start).toFixed(1)} ms`;

const message = {
  ...{ n: 1, kind: 'message', captureId: 5n, pair: 'vm', channel: 'main', session: 1, epoch: 1, wallNs: 0n },
  ...{ receivedNs: 5n, sentNs: 6n, wireLength: 20, offset: 0, fds: [], bytes: new Uint8Array(20) },
  context: { features: 0x1_4000_0000n, protocolFeatures: 0xfffn, device: 26 },
};
const [request] = packetsOf({ ...message, dir: 'front-to-back' }, 0);
const [reply] = packetsOf({ ...message, dir: 'back-to-front', reply: true, answers: 1 }, 0);

measure('packets wrapped and written', records, () => {
  const writer = new CaptureWriter(path);
  writer.addInterface('vm/main');
  for (let n = 1; n <= records; n++) {
    const { head, packet } = n % 2 === 1 ? request : reply;
    const view = new DataView(packet.buffer);
    view.setUint32(16 + 24, n, true);
    if (n % 2 === 0) view.setUint32(16 + 32, n - 1, true);
    head.nLow = n;
    head.wallLow = n * 100;
    writer.packet(head, packet, 0, packet.length);
    if (n % 1024 === 0) writer.flush();
  }
  writer.close();
});
console.log(`${records} records, ${megabytes(statSync(path).size)}`);

measure('frames read', records, () => {
  for (const _ of readCapture(path));
});
measure('rows read', records, () => {
  const file = new TraceReader().open(path);
  for (const _ of file.rows());
  file.close();
});

const start = performance.now();
const trace = Trace.open(path);
const newest = trace.tail(60).length;
console.log(`opened, ${newest} newest records shown: ${milliseconds(start)}`);
const before = process.memoryUsage().rss;
let longest = 0;
measure('records indexed', records, () => {
  for (let more = true; more; ) {
    const begun = performance.now();
    more = trace.advance();
    longest = Math.max(longest, performance.now() - begun);
  }
});
console.log(
  `index: ${megabytes(process.memoryUsage().rss - before)} more memory, longest slice ${longest.toFixed(1)} ms`,
);

const pages = 200;
const paging = performance.now();
for (let i = 0; i < pages; i++) trace.rows(Math.floor((trace.length - 60) * ((i * 0.618) % 1)), 60);
console.log(`a page of 60 rows anywhere: ${((performance.now() - paging) / pages).toFixed(2)} ms`);
const finding = performance.now();
trace.rowOf(records);
console.log(`the last record found by its number: ${milliseconds(finding)}`);
trace.close();
