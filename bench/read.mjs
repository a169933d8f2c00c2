// How fast `vhuscope read` prints a capture: generates one and times whole processes, from start to end.
//   node bench/read.mjs [RECORDS=1000000] [FILE]     an existing FILE is used as it is
//   TSHARK=1 node bench/read.mjs 100000              the same file through tshark with the Lua dissector, for the ratio
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packetsOf } from '../dist/capture/packet.js';
import { CaptureWriter } from '../dist/capture/writer.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'dist/cli/main.js');
const records = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.env.ROUNDS ?? 3);

/** What a ring's life consists of, over and over: [from the front-end, bytes in hex, descriptors]. */
const cycle = [
  [true, '0d00000001000000080000000000000000000000', ['eventfd']],
  [true, '080000000100000008000000000000000001000000'.slice(0, 40), []],
  [true, '0a00000001000000080000000000000000000000', []],
  [
    true,
    '09000000010000002800000000000000000000000040f0f6337f000000508ff6337f00000048f0f6337f00000059800f00000000',
    [],
  ],
  [true, '0c00000001000000080000000000000000000000', ['eventfd']],
  [true, '1200000009000000080000000000000001000000', []],
  [false, '1200000005000000080000000000000000000000', []],
  [true, '0b00000001000000080000000000000000000000', []],
  [false, '0b0000000500000008000000000000004f000000', []],
  [true, '010000000100000000000000', []],
  [false, '010000000500000008000000000000f501000000'.slice(0, 40), []],
];

function generate(path) {
  const writer = new CaptureWriter(path, { bufferLength: 16 << 20 });
  writer.addInterface('vm/main');
  const start = 1_763_800_000_000_000_000n;
  for (let i = 0; i < records; i++) {
    const [fromFront, hex, fds] = cycle[i % cycle.length];
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
    const at = BigInt(i) * 4_000n;
    const [made] = packetsOf(
      {
        n: i + 1,
        kind: 'message',
        captureId: 0x1234_5678_9abc_def0n,
        pair: 'vm',
        channel: 'main',
        dir: fromFront ? 'front-to-back' : 'back-to-front',
        session: 1,
        epoch: 1,
        wallNs: start + at,
        receivedNs: 5_000_000_000_000n + at,
        sentNs: 5_000_000_001_000n + at,
        ...(!fromFront && { reply: true, answers: i }),
        bytes,
        wireLength: bytes.length,
        offset: i * 20,
        fds: fds.map(kind => ({ kind, id: (i % 64) + 1, object: (i % 64) + 1 })),
        context: { features: 0x170000000n, protocolFeatures: 0x8c2bn, device: 26 },
      },
      0,
    );
    writer.packet(made.head, made.packet, 0, made.packet.length);
    if (i % 10_000 === 0) writer.flush();
  }
  writer.close();
}

function time(command, args) {
  const sink = openSync('/dev/null', 'w');
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    const { status, error } = spawnSync(command, args, { stdio: ['ignore', sink, 'inherit'] });
    if (error || status !== 0) throw error ?? new Error(`${command} ${args.join(' ')} ended with ${status}`);
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
try {
  const path = process.argv[3] ?? join(folder, 'generated.pcapng');
  if (!existsSync(path)) generate(path);
  const size = statSync(path).size;
  console.log(`${records} records, ${(size / 1e6).toFixed(0)} MB, node ${process.version}, ${cpus()[0]?.model}`);
  const show = (what, ms) => {
    const rate = records / (ms / 1000);
    console.log(
      `${what.padEnd(30)} ${ms.toFixed(0).padStart(7)} ms ${Math.round(rate).toLocaleString('en').padStart(12)} records/s`,
    );
    return rate;
  };
  const lines = show('read', time(process.execPath, [main, 'read', path]));
  const json = show('read --json', time(process.execPath, [main, 'read', path, '--json']));
  if (process.env.TSHARK) {
    const lua = ['-X', `lua_script:${join(root, 'docs/wireshark/vhuscope.lua')}`];
    const theirs = show('tshark', time('tshark', ['-r', path, ...lua]));
    const theirJson = show('tshark -T json', time('tshark', ['-r', path, ...lua, '-T', 'json']));
    console.log(
      `read is ${(lines / theirs).toFixed(1)} times tshark, read --json ${(json / theirJson).toFixed(1)} times`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
