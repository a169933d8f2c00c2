/** What QEMU itself says of the messages it sends: its own trace events, and the stack at each write. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readHeader } from '../../../src/decode/header.ts';
import { Pair } from '../pair.ts';
import { type Debian, devices, netVhost, newDisk, newShare, qemu, storageDaemon, virtiofsd } from '../peers.ts';
import { Program, run, stopAll } from '../programs.ts';

const kinds = {
  blk: { device: devices.blk, backEnd: (pair: Pair) => storageDaemon(pair.backSocket, newDisk(`${pair.folder}/disk`)) },
  fs: { device: devices.fs, backEnd: (pair: Pair) => virtiofsd(pair.backSocket, newShare(pair.folder)) },
  net: { device: devices.net(), backEnd: (pair: Pair) => netVhost([pair.backSocket]) },
} as const;
type Kind = keyof typeof kinds;

const machine = (pair: Pair, kind: Kind, debian: Debian, more: readonly string[]) =>
  qemu(pair.frontSocket, { debian, tasks: kind, device: kinds[kind].device, more });

/** Number and flags of every message that a direction of the main channel carried. */
function captured(pair: Pair, dir: 'front-to-back' | 'back-to-front'): string[] {
  return pair
    .records()
    .filter(({ channel, dir: way, raw }) => channel === 'main' && way === dir && raw !== undefined)
    .map(({ raw = '' }) => {
      const { id, flags } = readHeader(Buffer.from(raw, 'hex'), 0, false) ?? { id: -1, flags: -1 };
      return `${id} 0x${flags.toString(16)}`;
    });
}

describe('QEMU says the same', () => {
  afterEach(stopAll);

  it.each([
    ['blk', 'bookworm'],
    ['fs', 'bookworm'],
    ['blk', 'trixie'],
    ['fs', 'trixie'],
  ] as const)('its trace events vhost_user_write and vhost_user_read: %s, %s', async (kind, debian) => {
    const pair = new Pair(`events-${kind}-${debian}`);
    const log = join(pair.folder, 'events');
    await pair.start('back-end', kinds[kind].backEnd(pair));
    await pair.startProxy();
    const options = ['-trace', 'vhost_user_write', '-trace', 'vhost_user_read', '-D', log];
    const front = await pair.start('front-end', machine(pair, kind, debian, options));
    await front.prints(new RegExp(`guest: ${kind} ok`));
    expect(await front.end()).toBe(0);
    await pair.stopProxy();
    const told = (event: string) =>
      [...readFileSync(log, 'utf8').matchAll(new RegExp(`${event} req:(\\d+) flags:(0x[0-9a-f]+)`, 'g'))].map(
        ([, id, flags]) => `${id} ${flags}`,
      );
    expect(told('vhost_user_write').length).toBeGreaterThan(20);
    expect(captured(pair, 'front-to-back')).toEqual(told('vhost_user_write'));
    expect(captured(pair, 'back-to-front')).toEqual(told('vhost_user_read'));
  });

  it.each(['blk', 'fs', 'net'] as const)('the stack at each write: %s', async kind => {
    const pair = new Pair(`stacks-${kind}`);
    const log = join(pair.folder, 'stacks');
    const script = join(pair.folder, 'stacks.py');
    writeFileSync(script, stackPrinter(log));
    await pair.start('back-end', kinds[kind].backEnd(pair));
    await pair.startProxy();
    const command = machine(pair, kind, 'bookworm', []);
    const debugger_ = ['gdb', '-nx', '-batch', '-x', script, '--args', ...command];
    const front = new Program('QEMU under gdb', debugger_, { log: join(pair.folder, 'gdb.log') });
    await front.prints(new RegExp(`guest: ${kind} ok`), 100);
    await front.end(60);
    await pair.stopProxy();

    const exported = exportedFunctions('qemu-system-x86_64');
    const stacks = readFileSync(log, 'utf8').trim().split('\n');
    const requests = pair.records().filter(({ channel, type }) => channel === 'main' && type === 'request');
    const differences = requests.flatMap((record, at) => {
      const [id, ...offsets] = (stacks[at] ?? '').split(' ');
      const frames = offsets.flatMap(offset => exported.find(BigInt(offset)) ?? []).reverse();
      const path = ((record as { path?: string[] }).path ?? []).filter(name => exported.names.has(name));
      const missing = path.filter(name => !frames.includes(name) && !isExcused(name, frames));
      const inOrder = path.every(
        (name, i) => i === 0 || frames.indexOf(path[i - 1] as string) <= frames.lastIndexOf(name),
      );
      return Number(id) === record.id && missing.length === 0 && inOrder
        ? []
        : [`${record.n} ${record.name}: said ${path.join(' > ')}, was ${id}: ${frames.join(' > ')}`];
    });
    expect([...new Set(differences)]).toEqual([]);
    expect(stacks).toHaveLength(requests.length);
  });
});

/**
 * Functions that leave no frame although they are on the way: vhost_dev_get_config ends in a tail call. Of the two
 * SET_FEATURES at the start of a disk the first prepares the inflight region, before vhost_dev_start.
 */
function isExcused(name: string, frames: readonly string[]): boolean {
  return (
    name === 'vhost_dev_get_config' || (name === 'vhost_dev_start' && frames.includes('vhost_dev_prepare_inflight'))
  );
}

/**
 * A script for gdb that notes, at each message, its number and the return addresses as offsets in the executable.
 * QEMU's own functions are static and there are no debug symbols, but what it writes with is exported.
 */
function stackPrinter(log: string): string {
  return `
import gdb
gdb.execute('set pagination off'); gdb.execute('set breakpoint pending on')
gdb.execute('handle SIGUSR1 SIGUSR2 SIGPIPE SIGALRM nostop noprint pass')
out = open(${JSON.stringify(log)}, 'w', buffering=1)
base = None
class Write(gdb.Breakpoint):
    def stop(self):
        global base
        if base is None:
            text = gdb.execute('info proc mappings', to_string=True)
            base = min(int(line.split()[0], 16) for line in text.splitlines() if 'qemu-system' in line)
        if int(gdb.parse_and_eval('$rdx')) < 12: return False
        request = int.from_bytes(gdb.selected_inferior().read_memory(int(gdb.parse_and_eval('$rsi')), 4), 'little')
        frame, offsets = gdb.newest_frame().older(), []
        while frame is not None and len(offsets) < 40:
            offsets.append(hex(max(frame.pc() - base, 0))); frame = frame.older()
        out.write(' '.join([str(request)] + offsets) + '\\n')
        return False
Write('qemu_chr_fe_write_all')
gdb.execute('run')
`;
}

/** The functions that a program exports, by address. */
function exportedFunctions(program: string): { names: ReadonlySet<string>; find(offset: bigint): string | undefined } {
  const file = run('sh', ['-c', 'readlink -f "$(command -v "$0")"', program]).trim();
  const functions = run('nm', ['-D', '-S', '--defined-only', file])
    .split('\n')
    .flatMap(line => {
      const [start, size, type, name] = line.split(' ');
      return type === 'T' && name ? [{ start: BigInt(`0x${start}`), size: BigInt(`0x${size}`), name }] : [];
    });
  return {
    names: new Set(functions.map(({ name }) => name)),
    find: offset => functions.find(({ start, size }) => start < offset && offset <= start + size)?.name,
  };
}
