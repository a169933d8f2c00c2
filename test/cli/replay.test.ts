import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expect as awaits, type Script, script, send, untilClosed } from '../../src/peers/script.ts';
import { blockBackEnd } from '../../src/peers/traits.ts';
import { rowsOf, useStand } from './stand.ts';

const captures = resolve(import.meta.dirname, '../../captures');
const built = '../../dist/peers/start.js';
const { startPeer } = (await import(built)) as typeof import('../../src/peers/start.ts');

const stand = useStand();
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

describe('both sides of a recording, each replayed', () => {
  it('agree with it, and so does the exit status', async () => {
    const [file, socket] = [join(captures, 'net.pcapng'), stand.path('s')];
    const back = stand.vhuscope('replay', file, '--listen', socket, '--expect-same');
    await back.says(/listening at/);
    const front = stand.vhuscope('replay', file, '--to', socket, '--expect-same', '--ascii');
    expect(await front.ended, front.err()).toBe(0);
    expect(await back.ended, back.err()).toBe(0);
    expect(front.out().toString()).toContain('F->B   SET_VRING_KICK index=0 fd=eventfd\n');
    expect(front.out().toString()).toContain('num was 4, came 0 (no buffers went through the rings)');
    expect(lastLine(front.out().toString())).toBe('the back-end behaves as in the recording');
    expect(lastLine(back.out().toString())).toBe('the front-end behaves as in the recording');
    expect(existsSync(socket)).toBe(false);
  });

  it('are recorded as they go, with who plays', async () => {
    const [file, socket] = [join(captures, 'fs.pcapng'), stand.path('s')];
    const back = stand.vhuscope('replay', file, '--listen', socket, '-q', '-w', stand.path('back.pcapng'));
    await back.says(/listening at/);
    const front = stand.vhuscope('replay', file, '--to', socket, '-q', '-w', stand.path('front.pcapng'));
    expect([await front.ended, await back.ended], front.err() + back.err()).toEqual([0, 0]);
    const [recorded, ofFront, ofBack] = [file, stand.path('front.pcapng'), stand.path('back.pcapng')].map(path =>
      rowsOf(path),
    );
    const said = (rows: typeof recorded) =>
      rows
        ?.filter(({ frame }) => frame.kind === 'message')
        .map(({ frame, message }) => `${frame.dir} ${message?.name}`);
    expect(said(ofFront)).toEqual(said(recorded));
    expect(said(ofBack)?.toSorted()).toEqual(said(recorded)?.toSorted());
    const [connected, note] = (ofFront ?? []).map(({ frame }) => Buffer.from(frame.bytes).toString());
    expect(JSON.parse(connected ?? '')).toMatchObject({
      event: 'connected',
      front_end: { comm: 'vhuscope' },
      back_end: { pid: expect.any(Number) },
    });
    expect(note).toContain('vhuscope plays the front-end of pair.front, session 1.1');
    expect(ofFront?.at(-1)?.frame.kind).toBe('event');
    // Answers and negotiated features stand with the records, as with those of the proxy.
    const answered = (rows: typeof recorded) => rows?.filter(({ frame }) => frame.answers !== undefined).length;
    expect(answered(ofFront)).toBe(answered(recorded));
    expect(ofFront?.findLast(({ frame }) => frame.kind === 'message')?.frame.context.protocolFeatures).toBe(
      recorded?.findLast(({ frame }) => frame.kind === 'message')?.frame.context.protocolFeatures,
    );
    const again = stand.vhuscope('replay', file, '--to', socket, '-w', file);
    expect(await again.ended).toBe(2);
    expect(again.err()).toContain('is what is played and would be overwritten');
  });

  it('follow the recorded pace', async () => {
    const [file, socket] = [join(captures, 'virtio-user.pcapng'), stand.path('s')];
    const back = stand.vhuscope('replay', file, '--listen', socket, '-q');
    await back.says(/listening at/);
    const began = Date.now();
    const front = stand.vhuscope('replay', file, '--to', socket, '-q', '--range', '-20', '--speed', '0.5');
    expect(await front.ended, front.err()).toBe(0);
    expect(front.out().toString()).toMatch(/^\d+ said/);
    const records = stand.vhuscope('read', file, '--json', '--count', '20');
    await records.ended;
    const times = records
      .out()
      .toString()
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string; t: number });
    const messages = times.filter(({ type }) => type !== 'event');
    const pauses = messages.map(({ type, t }, i) => (type === 'request' ? t - (messages[i - 1]?.t ?? t) : 0));
    const took = pauses.reduce((sum, pause) => sum + pause, 0) * 2000;
    expect(Date.now() - began).toBeGreaterThan(took);
  });
});

describe('the front-end of a recording towards a back-end that is not as recorded', () => {
  const asRecorded = script(
    awaits('SET_VRING_ENABLE'),
    send('BACKEND_CONFIG_CHANGE_MSG', {}, { needReply: true }),
    untilClosed(),
  );

  async function replayed(scriptOfBackEnd: Script, changes: Parameters<typeof blockBackEnd>[0], ...options: string[]) {
    const socket = stand.path('back');
    const peer = startPeer({
      ...{ side: 'back-end', socket: 'listen', address: { path: socket }, traits: blockBackEnd(changes) },
      scripts: [scriptOfBackEnd],
    });
    await peer.ready;
    const replay = stand.vhuscope(
      'replay',
      stand.path('demo.pcapng'),
      '--to',
      socket,
      '--expect-same',
      '--wait',
      '400',
      ...options,
    );
    const status = await replay.ended;
    peer.stop();
    await peer.ended;
    return { status, text: replay.out().toString(), err: replay.err() };
  }

  it('tells what deviates, and accepts what a baseline accepts', async () => {
    await stand.vhuscope('demo', '-w', stand.path('demo.pcapng')).ended;
    const same = await replayed(asRecorded, {});
    expect(same.text, same.err).toContain('the back-end behaves as in the recording');
    expect(same.status).toBe(0);

    const baseline = stand.path('accepted.txt');
    const other = await replayed(script(untilClosed()), { memorySlots: 8 }, '--write-baseline', baseline, '--json');
    expect(other.status).toBe(1);
    const lines = other.text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string; deviations?: { key: string }[] });
    const keys = lines.at(-1)?.deviations?.map(({ key }) => key);
    expect(keys).toEqual([
      'GET_MAX_MEM_SLOTS =: payload.max_mem_slots 32 -> 8',
      'backend-req BACKEND_CONFIG_CHANGE_MSG: missing',
    ]);
    expect(lines[0]).toMatchObject({ type: 'recording', side: 'front-end', session: 1, epoch: 1, omitted: [] });
    expect(lines.slice(1, -1).every(({ type }) => type === 'message')).toBe(true);
    expect(readFileSync(baseline, 'utf8').split('\n')).toEqual(expect.arrayContaining(keys ?? []));

    const accepted = await replayed(script(untilClosed()), { memorySlots: 8 }, '--baseline', baseline);
    expect(lastLine(accepted.text)).toBe('the back-end behaves as in the recording, but for 2 accepted deviations');
    expect(accepted.status).toBe(0);
    const worse = await replayed(script(untilClosed()), { memorySlots: 4 }, '--baseline', baseline, '-q');
    expect(lastLine(worse.text)).toBe('  GET_MAX_MEM_SLOTS =: payload.max_mem_slots was 32, came 4');
    expect(worse.status).toBe(1);
  });
});

describe('what cannot be replayed', () => {
  const blk = join(captures, 'blk.pcapng');

  it.each<[string, string[], number, RegExp]>([
    ['no other side', [blk], 2, /expected one of --to, --listen/],
    ['two other sides', [blk, '--to', 'a', '--listen', 'b'], 2, /expected one of --to, --listen/],
    ['a range that is none', [blk, '--to', 'a', '--range', '5'], 2, /--range: expected FROM-TO/],
    ['a speed that is none', [blk, '--to', 'a', '--speed', '0'], 2, /--speed: expected a number above 0/],
    ['a connection that is not there', [blk, '--to', 'a', '--epoch', '7'], 1, /has no such connection/],
    ['a range without messages', [blk, '--to', 'a', '--range', '900-'], 1, /no message of the connection/],
    ['a file that is no capture', [import.meta.filename, '--to', 'a'], 1, /is not a pcapng capture/],
    ['a descriptor that is no socket', [blk, '--back-end', 'fd:0'], 2, /descriptor 0 is no UNIX stream socket/],
  ])('%s', async (_, args, status, message) => {
    const replay = stand.vhuscope('replay', ...args);
    expect(await replay.ended).toBe(status);
    expect(replay.err()).toMatch(message);
  });

  it('is stopped by a signal, with its socket', async () => {
    const socket = stand.path('s');
    const replay = stand.vhuscope('replay', blk, '--listen', socket);
    await replay.says(/listening at/);
    replay.child.kill('SIGINT');
    expect(await replay.ended).toBe(130);
    expect(existsSync(socket)).toBe(false);
  });
});
