// What vhuscope costs a guest's I/O. The guest has two devices of a kind, each with a back-end of its own; one of them
// is behind vhuscope. It does the same I/O on both in turns, in one boot; a second boot has vhuscope at the other one.
// By hand: VHUSCOPE_RIG=FOLDER node bench/guest.mjs fs|blk|net [ROUNDS] [COUNT]   (the guest is that of npm run test:qemu)
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const here = import.meta.dirname;
const [device, rounds = 20, count = { fs: 4000, blk: 4000, net: 1000 }[device]] = process.argv.slice(2);
const guest = join(process.env.VHUSCOPE_RIG ?? join(tmpdir(), 'vhuscope-rig'), 'guest');
const kinds = { fs: virtiofs, blk: disk, net: network };
if (!(device in kinds)) throw new Error('name the device: fs, blk or net');
if (!existsSync(join(guest, 'vmlinux'))) throw new Error(`no guest in ${guest}; npm run test:qemu builds it`);

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-guest-'));
const at = name => join(folder, name);
const running = [];

function start(command, ...args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', text => {
      child.output += text;
    });
  running.push(child);
  return child;
}

async function appears(path, child) {
  for (let patience = 500; !existsSync(path); patience--) {
    if (patience === 0 || child.exitCode !== null) throw new Error(`${path} does not appear\n${child.output}`);
    await sleep(20);
  }
}

/** Starts a back-end on a socket; returns QEMU's options for the device. */
function virtiofs(name, socket) {
  mkdirSync(at(`${name}.share`), { recursive: true });
  const options = ['-o', `source=${at(`${name}.share`)}`, '--thread-pool-size=1'];
  const child = start('/usr/lib/qemu/virtiofsd', `--socket-path=${socket}`, ...options);
  return { child, options: ['-device', `vhost-user-fs-pci,chardev=${name},tag=${name}`] };
}

function disk(name, socket) {
  const image = at(`${name}.image`);
  writeFileSync(image, Buffer.alloc(64 << 20, name));
  const child = start(
    'qemu-storage-daemon',
    ...['--blockdev', `driver=file,node-name=file,filename=${image}`],
    ...['--export', `type=vhost-user-blk,id=export,node-name=file,addr.type=unix,addr.path=${socket},writable=on`],
  );
  return { child, options: ['-device', `vhost-user-blk-pci,chardev=${name},num-queues=1`] };
}

function network(name, socket) {
  const child = start(
    'dpdk-testpmd',
    ...['-l', '0,1', '--no-huge', '--no-pci', '--no-telemetry', '-m', '128', `--file-prefix=${name}-${process.pid}`],
    ...['--vdev', `net_vhost0,iface=${socket},queues=1`, '--'],
    ...['--forward-mode=icmpecho', '--auto-start', '--total-num-mbufs=4096', '--stats-period', '60'],
  );
  const mac = `52:54:00:12:34:${name === 'first' ? '01' : '02'}`;
  const options = ['-netdev', `vhost-user,id=${name},chardev=${name}`];
  return { child, options: [...options, '-device', `virtio-net-pci,netdev=${name},mac=${mac},vectors=0`] };
}

/** One boot; the microseconds that each device took for one operation, round by round. */
async function boot(behindVhuscope) {
  const options = [];
  for (const name of ['first', 'second']) {
    const back = at(`${name}.back`);
    const made = kinds[device](name, back);
    await appears(back, made.child);
    let front = back;
    if (name === behindVhuscope) {
      front = at(`${name}.front`);
      const main = join(here, '../dist/cli/main.js');
      const proxy = start(process.execPath, main, 'proxy', front, back, '-w', at('guest.pcapng'), '--quiet');
      await appears(front, proxy);
    }
    options.push('-chardev', `socket,id=${name},path=${front}`, ...made.options);
  }
  const words = `console=ttyS0 quiet mitigations=off tsc=reliable nokaslr rdinit=/bench-init`;
  const qemu = start(
    'qemu-system-x86_64',
    ...['-M', 'q35,memory-backend=ram', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '1', '-m', '256M'],
    ...['-object', 'memory-backend-memfd,id=ram,size=256M,share=on', '-nodefaults', '-display', 'none'],
    ...['-serial', 'stdio', '-no-reboot', '-kernel', join(guest, 'vmlinux'), '-initrd', at('initrd')],
    ...['-append', `${words} device=${device} rounds=${rounds} count=${count}`, ...options],
  );
  await once(qemu, 'exit');
  const ended = running.splice(0).map(child => {
    child.kill('SIGTERM');
    return child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
  });
  await Promise.all(ended);
  const times = { first: [], second: [] };
  for (const [, which, ns] of qemu.output.matchAll(/^guest: (first|second) (\d+)\r?$/gm))
    times[which].push(Number(ns) / count / 1000);
  if (times.first.length !== Number(rounds) || times.second.length !== Number(rounds))
    throw new Error(`the guest did not do its rounds:\n${qemu.output.slice(-2000)}`);
  return times;
}

/** The kernel takes an archive behind another for one. */
function buildInitrd() {
  copyFileSync(join(here, 'guest/init'), at('bench-init'));
  const more = execFileSync('sh', ['-c', 'chmod 755 bench-init && echo bench-init | cpio -o -H newc --quiet'], {
    cwd: folder,
  });
  const first = readFileSync(join(guest, 'initrd.cpio'));
  writeFileSync(at('initrd'), Buffer.concat([first, Buffer.alloc((512 - (first.length % 512)) % 512), more]));
}

/** Ranks, from 0, between which the median of n values lies with 95 % probability at least; from the binomial law. */
function medianRanks(n) {
  let below = 0.5 ** n;
  let tail = below;
  let rank = 0;
  while (tail <= 0.025) {
    below = (below * (n - rank)) / (rank + 1);
    tail += below;
    rank++;
  }
  const low = Math.max(0, rank - 1);
  return [low, n - 1 - low];
}

const percent = value => `${(value * 100).toFixed(1)} %`;
const sorted = values => [...values].sort((a, b) => a - b);
const median = values => {
  const all = sorted(values);
  return (all[(all.length - 1) >> 1] + all[all.length >> 1]) / 2;
};

try {
  buildInitrd();
  const pairs = [];
  for (const behind of ['first', 'second']) {
    const { first, second } = await boot(behind);
    for (let i = 0; i < first.length; i++)
      pairs.push(behind === 'first' ? { with: first[i], without: second[i] } : { with: second[i], without: first[i] });
  }
  const differences = sorted(pairs.map(pair => pair.with / pair.without - 1));
  const [low, high] = medianRanks(differences.length).map(rank => differences[rank]);
  const unit = `µs ${device === 'net' ? 'a round trip' : 'a read of 4 KiB'}, ${count} in a round`;
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0].model}, ${pairs.length} pairs`);
  console.log(
    `${device}: ${median(pairs.map(p => p.without)).toFixed(1)} without, ${median(pairs.map(p => p.with)).toFixed(1)} with vhuscope, in ${unit}`,
  );
  console.log(
    `difference: median ${percent(median(differences))}, 95 % interval of it ${percent(low)} to ${percent(high)}`,
  );
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
