// What rules cost that match nothing: round trips through the relay with a hundred of them against none, interleaved.
// By hand: node bench/rules.mjs [ROUNDS]   (needs a C compiler; takes about 20 seconds for 15 rounds)
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 15);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
const at = name => join(folder, name);
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
const dropped = { tamper: 'drop', settings: true };
const hundred = when => Array.from({ length: 100 }, (_, i) => ({ name: `r${i}`, when: when(i), do: [dropped] }));
const never = { nth: 1e9, do: [{ tamper: 'hold', settings: {} }] };

await run('cc', ['-O2', '-o', at('load'), join(import.meta.dirname, 'c/load.c'), '-lpthread']);
const kinds = {
  'no rules': [],
  '100 rules about other messages': hundred(i => `SET_VRING_ADDR and vring.index == ${i}`),
  '100 filters that look into this one and do not match': hundred(i => `size == ${i + 1000}`),
  '100 breakpoints that match and are not due': hundred(() => 'message').map(rule => ({ ...rule, ...never })),
};
const engines = [];
for (const [i, [name, rules]] of Object.entries(kinds).entries()) {
  writeFileSync(at(`${i}.json`), JSON.stringify(rules));
  const engine = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'relay-engine.mjs'),
      at(`${i}.sock`),
      at('back.sock'),
      at(`${i}.pcapng`),
      at(`${i}.json`),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(engine.stdout, 'data');
  engines.push({ name, engine, socket: at(`${i}.sock`), p50: [] });
}
for (let round = 0; round <= rounds; round++) {
  for (const { socket, p50 } of round % 2 === 0 ? engines : engines.toReversed()) {
    const { stdout } = await run(at('load'), [at('back.sock'), socket, 'round-trip', '20000']);
    if (round > 0) p50.push(Number(stdout.trim().split(' ')[0]));
  }
}
for (const { engine } of engines) {
  engine.kill('SIGTERM');
  await once(engine, 'exit');
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model}, Node ${process.version}, ${rounds} rounds\n`,
);
console.log('| round trip, p50 | µs, median | against none, median | lowest | highest |\n|---|---|---|---|---|');
for (const { name, p50 } of engines) {
  const ratios = p50.map((value, i) => value / engines[0].p50[i]);
  const shown = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(3));
  console.log(`| ${[name, median(p50).toFixed(1), ...shown].join(' | ')} |`);
}
rmSync(folder, { recursive: true });
