// The terminal interface at the tail of a recording that grows by 50 000 messages a second: how old what it shows is, how
// soon keys are obeyed, and whether the relay or the recording suffers.
//   node bench/live.mjs [RATE=50000] [SECONDS=15]   (needs a C compiler)
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { FileSource } from '../dist/capture/byte-source.js';
import { CaptureReader } from '../dist/capture/reader.js';
import { ms, Screen, say, spread } from './screen.mjs';

const run = promisify(execFile);
const rate = Number(process.argv[2] ?? 50_000);
const seconds = Number(process.argv[3] ?? 15);
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
const at = name => join(folder, name);
const program = resolve(import.meta.dirname, '../dist/cli/main.js');
// The control socket is found by this.
process.env.XDG_RUNTIME_DIR = folder;

await run('cc', ['-O2', '-o', at('load'), join(import.meta.dirname, 'c/load.c'), '-lpthread']);
const proxyArguments = [
  'proxy',
  at('front.sock'),
  at('back.sock'),
  '-w',
  at('live.pcapng'),
  '--name',
  'bench',
  '--quiet',
];
const engine = spawn(process.execPath, [program, ...proxyArguments, '--wait-back-end'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.on('exit', () => engine.kill('SIGKILL'));
while (!existsSync(at('front.sock'))) {
  if (engine.exitCode !== null) throw new Error('the proxy does not start');
  await pause(20);
}

let sent = 0;
/** Messages at the rate, for some seconds; what the two ends saw of them. */
async function load() {
  const count = rate * seconds;
  const { stdout } = await run(at('load'), [at('back.sock'), at('front.sock'), 'paced', `${count}`, `${rate}`]);
  // And the reply at the end.
  sent += count + 1;
  const [reached, ...delays] = stdout.trim().split(' ').map(Number);
  const [p50, p99, most] = delays.map(us => ms(us / 1000));
  return `${reached} messages/s, each there after ${p50}, 99 % ${p99}, slowest ${most}`;
}

const screen = new Screen();
const newest = () => {
  for (const line of screen.lines().toReversed()) {
    const found = /^\W*(\d+) .*VRING_KICK.* num=(\d+)/.exec(line);
    if (found) return { n: Number(found[1]), sentUs: Number(found[2]) };
  }
  return undefined;
};
const follows = () => / following\b/.test(screen.lines(1, 1)[0]);
/** Milliseconds of processor time that a process has taken. */
const processorMs = pid => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

say('without a viewer', await load());
const { program: viewer, ended } = screen.start([program, 'attach', 'bench']);
await screen.shows('the viewer', /vhuscope/);
viewer.write('z');
await screen.until('the tail', () => newest()?.n >= sent - 1);

// Nobody touches a key: everything on the screen comes by itself.
const ages = [];
const gaps = [];
let last = newest()?.n;
let changedAt;
screen.changed = () => {
  const one = newest();
  if (one === undefined || one.n === last) return;
  const now = performance.now();
  if (changedAt !== undefined) {
    gaps.push(now - changedAt);
    ages.push((Number((process.hrtime.bigint() / 1000n) & 0xffff_ffffn) - one.sentUs) / 1000);
  }
  changedAt = now;
  last = one.n;
};
const before = processorMs(viewer.pid);
const watched = load();
const begun = performance.now();
say('with a viewer at the tail', await watched);
screen.changed = () => {};
say('processor time of the viewer', `${Math.round((processorMs(viewer.pid) - before) / 10 / seconds)} % of one`);
say('from the sending of the newest message on the screen', spread(ages));
say(`between two pictures (${ages.length} in ${ms(performance.now() - begun)})`, spread(gaps));

// Somebody goes back a page and to the tail again, again and again.
const back = [];
const forth = [];
const busy = load();
let over = false;
void busy.then(() => {
  over = true;
});
await screen.until('the tail', () => newest()?.n > last);
while (!over) {
  await pause(100);
  let pressed = performance.now();
  viewer.write('\x02');
  await screen.until('a page back', () => over || !follows());
  if (!over) back.push(performance.now() - pressed);
  await pause(100);
  pressed = performance.now();
  viewer.write('G');
  await screen.until('the tail', () => over || follows());
  if (!over) forth.push(performance.now() - pressed);
}
say('with somebody at the keys', await busy);
say(`a page back (${back.length} times)`, spread(back));
say('to the tail', spread(forth));
say(
  'memory at most',
  `${Math.round(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${viewer.pid}/status`, 'utf8'))[1] / 1024)} MB`,
);
viewer.write('q');
await ended;
engine.kill('SIGTERM');
await once(engine, 'exit');

const reader = new CaptureReader(new FileSource(at('live.pcapng')));
let recorded = 0;
const count = frames => {
  for (const { kind } of frames) if (kind === 'message') recorded++;
  return frames.length;
};
while (count(reader.batch(1024)) > 0);
count(reader.rest());
say('recorded', `${recorded} of ${sent} messages, ${reader.counts.lost} lost`);
process.exit(recorded === sent ? 0 : 1);
