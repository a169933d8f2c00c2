import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { getFeatures, rowsOf, type Started, useStand } from './stand.ts';

const stand = useStand();

/** Runs a verb to its end. */
async function ctl(...args: string[]): Promise<{ status: number | string; out: string; err: string }> {
  const child = stand.vhuscope('ctl', ...args);
  const status = await child.ended;
  return { status, out: child.out().toString(), err: child.err() };
}

async function engine(): Promise<Started> {
  await stand.backEnd(stand.path('b'));
  const proxy = stand.vhuscope('proxy', 'f', 'b', '-w', 'c.pcapng', '--name', 'vm1');
  await proxy.says(/listening/);
  return proxy;
}

describe('vhuscope ctl', () => {
  it('finds an engine, says what it does, and ends it', async () => {
    const proxy = await engine();
    expect((await ctl('list')).out).toMatch(/^vm1 {2}vhuscope \S+, pid \d+, .*vm1\.sock\n$/);
    const frontEnd = connect(stand.path('f'));
    frontEnd.write(getFeatures);
    await once(frontEnd, 'data');
    const { out } = await ctl('status', '--json');
    expect(JSON.parse(out)).toMatchObject({
      ...{ name: 'vm1', pid: proxy.child.pid, capture: { path: stand.path('c.pcapng') } },
      pairs: [{ name: 'f', listening: ['front-end'], front_end: { role: 'listen', address: 'f' } }],
      connections: [{ pair: 'f', session: 1, epoch: 1, channels: ['main'] }],
      counts: { connections: 1, viewers: 0 },
    });
    expect((await ctl('status')).out).toMatch(/session 1\.1 since/);
    expect(await ctl('note', '5:', 'here', 'it', 'hangs', '--author', 'ann')).toMatchObject({ status: 0, err: '' });
    expect(await ctl('stop', '-n', 'vm1')).toEqual({ status: 0, out: '', err: '' });
    expect(await proxy.ended).toBe(0);
    const events = rowsOf(stand.path('c.pcapng'))
      .filter(({ frame }) => frame.kind === 'event')
      .map(({ frame }) => JSON.parse(Buffer.from(frame.bytes).toString()));
    const by = expect.stringMatching(/^ann \(ctl, pid \d+\)$/);
    expect(events).toContainEqual({ event: 'note', text: 'here it hangs', of: 5, author: by });
    expect(events).toContainEqual({ event: 'stop-asked', by: expect.stringMatching(/\(ctl, pid/) });
    expect((await ctl('list')).err).toBe('vhuscope: no engine is running\n');
  });

  it('has the recording go on in a new file', async () => {
    await stand.backEnd(stand.path('b'));
    const proxy = stand.vhuscope('proxy', 'f', 'b', '-w', 'c.pcapng', '--rotate', 'ctl');
    await proxy.says(/listening/);
    const [first, second] = ['c.pcapng', 'c.000002.pcapng'].map(name => stand.path(name)) as [string, string];
    await expect.poll(() => rowsOf(first).length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await ctl('rotate', '--author', 'ann')).toEqual({
      ...{ status: 0, err: '', out: `${first} is finished, ${second} has begun\n` },
    });
    expect(await ctl('stop')).toMatchObject({ status: 0 });
    expect(await proxy.ended).toBe(0);
    const texts = rowsOf(second).map(({ frame }) => Buffer.from(frame.bytes).toString());
    expect(texts).toContainEqual(expect.stringMatching(/"event":"rotated","from":"c\.pcapng","by":"ann/));
  });

  it('is told where a recording stays in its file', async () => {
    await engine();
    expect(await ctl('rotate')).toMatchObject({ status: 1, err: expect.stringMatching(/start it with --rotate/) });
  });

  it('shows events until the engine ends', async () => {
    const proxy = await engine();
    const watching = stand.vhuscope('ctl', 'watch', '--json');
    const heard = once(watching.child.stdout as NodeJS.ReadableStream, 'data');
    // The viewer has subscribed once the engine counts it.
    while (JSON.parse((await ctl('status', '--json')).out).counts.viewers < 1);
    connect(stand.path('f')).end(getFeatures);
    await heard;
    proxy.child.kill('SIGTERM');
    expect(await watching.ended).toBe(0);
    const types = watching
      .out()
      .toString()
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).type);
    expect(types).toEqual(expect.arrayContaining(['connected', 'closed', 'recorded']));
  });

  it('shows what is held, changes it and lets it go', async () => {
    await stand.backEnd(stand.path('b'));
    const proxy = stand.vhuscope('proxy', 'f', 'b', '-w', 'c.pcapng', '--device', 'fs', '--hold', 'reply');
    await proxy.says(/listening/);
    const frontEnd = connect(stand.path('f'));
    frontEnd.write(getFeatures);
    const got = once(frontEnd, 'data');
    await proxy.says(/held GET_FEATURES to the front-end as \d+ \(--hold\); vhuscope ctl release/);
    const [held] = JSON.parse((await ctl('holds', '--json')).out);
    expect(held).toMatchObject({
      ...{ name: 'GET_FEATURES', direction: 'back-to-front', rule: '--hold', leftMs: expect.any(Number) },
      bytes: '0100000005000000080000000000004001000000',
      line: 'F←B GET_FEATURES = PROTOCOL_FEATURES|VERSION_1',
    });
    const n = String(held.n);
    expect((await ctl('holds')).out).toMatch(
      /^\d+ {2}F←B GET_FEATURES = .*\n {4}f 1\.1, --hold, held for .* s left\n {4}the front-end has waited/,
    );
    expect(await ctl('edit', n, 'nothing=3')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/no field nothing/),
    });
    expect(await ctl('edit', n, 'F←B GET_FEATURES = VERSION_1', '--release')).toMatchObject({ out: `${n} released\n` });
    expect((await got)[0].toString('hex')).toBe('0100000005000000080000000000000001000000');
    expect(await ctl('release', n)).toEqual({ status: 1, out: `${n} had gone on (released)\n`, err: '' });
    expect((await ctl('rules')).out).toMatch(
      /--hold {2}\(by the command line\): reply → held\n.* 1 matched, treated: 1; the last one: fired/,
    );
    expect((await ctl('hold', 'SET_FEATURES', '--once', '--as', 'x')).out).toBe('x\n');
    expect((await ctl('unhold')).out).toBe('--hold\nx\n');
    frontEnd.destroy();
    expect((await ctl('stop')).status).toBe(0);
    const [, reply] = rowsOf(stand.path('c.pcapng')).filter(({ frame }) => frame.kind === 'message');
    expect(Buffer.from(reply?.frame.bytes ?? []).toString('hex')).toBe(held.bytes);
    expect(Buffer.from(reply?.frame.sentBytes ?? []).toString('hex')).toBe('0100000005000000080000000000000001000000');
    expect(reply?.frame.heldNs).toBeGreaterThan(0n);
  });

  it('says who stands still meanwhile', async () => {
    await stand.backEnd(stand.path('b'));
    const proxy = stand.vhuscope('proxy', 'f', 'b', '-w', 'c.pcapng', '--hold', 'SET_OWNER or GET_FEATURES');
    await proxy.says(/listening/);
    const frontEnd = connect(stand.path('f'));
    const setOwner = Buffer.from('030000000100000000000000', 'hex');
    // Nobody answers SET_OWNER, but what the front-end has sent behind it waits for an answer.
    frontEnd.write(Buffer.concat([setOwner, getFeatures]));
    await proxy.says(/held SET_OWNER/);
    const waits = { side: 'front-end', request: 'GET_FEATURES', ms: expect.any(Number) };
    const [owner] = JSON.parse((await ctl('holds', '--json')).out);
    expect(owner).toMatchObject({ name: 'SET_OWNER', waits, sends: [], context: {} });
    expect((await ctl('holds')).out).toMatch(/the front-end has waited for the reply to GET_FEATURES for \d+\.\d s\n$/);
    await ctl('release', String(owner.n));
    await proxy.says(/held GET_FEATURES to the back-end/);
    // This back-end says something to every message: its words about SET_OWNER are held as well.
    const both: { n: number; direction: string }[] = JSON.parse((await ctl('holds', '--json')).out);
    expect(both.find(({ direction }) => direction === 'front-to-back')).toMatchObject({ name: 'GET_FEATURES', waits });
    await ctl('release', 'all');
    while (!(await ctl('holds')).out.includes('F←B'));
    const [reply] = JSON.parse((await ctl('holds', '--json')).out);
    expect(reply).toMatchObject({ name: 'GET_FEATURES', direction: 'back-to-front', waits });
    // It has waited since it asked, not since the answer is held.
    expect(reply.waits.ms).toBeGreaterThanOrEqual(reply.heldMs);
    frontEnd.destroy();
    expect((await ctl('stop')).status).toBe(0);
  });

  it('has rules and breakpoints rest, and reads other rules', async () => {
    const proxy = await engine();
    expect((await ctl('hold', 'SET_OWNER', '--once', '--author', 'ann')).out).toBe('b1\n');
    expect((await ctl('off', 'b1')).status).toBe(0);
    const frontEnd = connect(stand.path('f'));
    const setOwner = Buffer.from('030000000100000000000000', 'hex');
    frontEnd.write(Buffer.concat([setOwner, getFeatures]));
    await once(frontEnd, 'data');
    expect((await ctl('rules')).out).toMatch(
      /^b1 {2}\(by ann \(ctl, pid \d+\), switched off, once\): SET_OWNER → held\n {4}of 0 messages/,
    );
    await ctl('on', 'b1');
    frontEnd.write(Buffer.concat([setOwner, getFeatures]));
    await proxy.says(/held SET_OWNER/);
    expect(await ctl('off', 'b2')).toMatchObject({ status: 1, err: expect.stringMatching(/no rule or breakpoint b2/) });
    writeFileSync(stand.path('r.yaml'), 'rules: [{ name: one, when: GET_FEATURES, do: { note: seen } }]\n');
    expect((await ctl('load', 'r.yaml')).out).toBe(`1 rule in force, from ${stand.path('r.yaml')}\n`);
    expect((await ctl('load', 'slow-set-mem-table')).out).toMatch(
      /^1 rule in force, from .*slow-set-mem-table\.yaml\n$/,
    );
    expect(await ctl('load', 'no-such')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/no file of rules no-such, nor rules of that name/),
    });
    writeFileSync(stand.path('r.yaml'), 'rules: [{ do: { drip: true } }]\n');
    expect(await ctl('load', 'r.yaml')).toMatchObject({ status: 1, err: expect.stringMatching(/r\.yaml:1:.*drip/) });
    expect((await ctl('rules', '--json')).out).toContain('slow-set-mem-table');
    expect((await ctl('load', '--none')).out).toBe('0 rules in force\n');
    frontEnd.destroy();
    expect((await ctl('stop')).status).toBe(0);
    const said = rowsOf(stand.path('c.pcapng'))
      .filter(({ frame }) => frame.kind === 'event')
      .map(({ frame }) => JSON.parse(Buffer.from(frame.bytes).toString()));
    expect(said).toContainEqual({ event: 'switched', name: 'b1', on: false, by: expect.stringMatching(/\(ctl, pid/) });
  });

  it.each<[string[], number, RegExp]>([
    [['lst'], 2, /there is no 'lst' \(did you mean list\?\)/],
    [[], 2, /missing required argument 'verb'/],
    [['rules', 'extra'], 2, /ctl rules: needs no more words, not 'extra'/],
    [['holds', '--once'], 2, /ctl holds: takes no --once; see vhuscope ctl --help/],
    [['inject', '--release', 'SET_OWNER'], 2, /ctl inject: takes no --release/],
    [['status'], 1, /no engine is running; start one/],
    [['status', '-n', 'vm2'], 1, /no engine named vm2 is running/],
    [['hold'], 1, /no engine is running/],
    [['status', '-n', './no'], 1, /no engine named \.\/no is running/],
  ])('%j ends with %i', async (args, status, message) => {
    expect(await ctl(...args)).toEqual({ status, out: '', err: expect.stringMatching(message) });
  });

  it('does not take a name that another engine has', async () => {
    await engine();
    const second = stand.vhuscope('proxy', 'f2', 'b', '--name', 'vm1');
    expect(await second.ended).toBe(1);
    expect(second.err()).toMatch(/an engine named vm1 is running already/);
    const third = stand.vhuscope('proxy', 'f3', 'b', '-w', 'd', '--no-control');
    await third.says(/listening/);
    expect((await ctl('list')).out.split('\n')).toHaveLength(2);
  });
});
