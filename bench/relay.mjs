// What the relay costs, recording on, against a minimal relay in C, in ratios of interleaved rounds.
// By hand: node bench/relay.mjs [ROUNDS]   (needs a C compiler; takes about a minute for 7 rounds)
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const rounds = Number(process.argv[2] ?? 7);
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
const at = name => join(folder, name);
const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];

await Promise.all(
  ['load', 'relay'].map(name => run('cc', ['-O2', '-o', at(name), join(here, `c/${name}.c`), '-lpthread'])),
);
const c = spawn(at('relay'), [at('c.sock'), at('back.sock')], { stdio: ['ignore', 'ignore', 'inherit'] });
const engine = spawn(
  process.execPath,
  [join(here, 'relay-engine.mjs'), at('engine.sock'), at('back.sock'), at('bench.pcapng')],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
let said = '';
engine.stdout.on('data', text => {
  said += text;
});
await once(engine.stdout, 'data');

/** One run of the load through a relay (`back` for none); its numbers. */
async function load(through, ...what) {
  const { stdout } = await run(at('load'), [at('back.sock'), at(`${through}.sock`), ...what]);
  return stdout.trim().split(' ').map(Number);
}

const measures = {
  'round trip p50, µs': { what: () => ['round-trip', '20000'], of: 0 },
  'round trip p99, µs': { what: () => ['round-trip', '20000'], of: 1 },
  'flood, messages/s': { what: () => ['flood', '200000'], of: 0 },
  'messages of 8 MiB, bytes/s': { what: who => ['long', '40', ...(who === 'engine' ? ['gpu'] : [])], of: 0 },
};
const found = Object.fromEntries(Object.keys(measures).map(name => [name, []]));
for (let round = 0; round <= rounds; round++) {
  const results = new Map();
  for (const [name, { what, of }] of Object.entries(measures)) {
    const numbers = {};
    for (const who of ['back', 'c', 'engine']) {
      const args = what(who);
      const key = `${who} ${args}`;
      if (!results.has(key)) results.set(key, await load(who, ...args));
      numbers[who] = results.get(key)[of];
    }
    if (round > 0) found[name].push(numbers);
  }
}
engine.kill('SIGTERM');
c.kill('SIGTERM');
await once(engine, 'exit');

console.log(
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model}, Node ${process.version}, ${rounds} rounds`,
);
console.log('');
console.log('| what | direct | C relay | vhuscope | vhuscope : C, median | lowest | highest |');
console.log('|---|---|---|---|---|---|---|');
const shown = value => (value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
for (const [name, all] of Object.entries(found)) {
  const ratios = all.map(({ c, engine }) => engine / c);
  const columns = ['back', 'c', 'engine'].map(who => shown(median(all.map(each => each[who]))));
  const spread = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map(ratio => ratio.toFixed(2));
  console.log(`| ${[name, ...columns, ...spread].join(' | ')} |`);
}
console.log('');
console.log(`the capture: ${said.trim().split('\n').at(-1)}`);
rmSync(folder, { recursive: true });
