import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { close } from '../../src/sys/libc.ts';
import { socketPair } from '../../src/sys/socket.ts';
import { askFeatures, features, getFeatures, rowsOf, useStand } from './stand.ts';

const stand = useStand();

/** The names of messages and events in a capture. */
function names(path: string): string[] {
  return rowsOf(path).map(({ frame, message }) =>
    frame.kind === 'event'
      ? JSON.parse(Buffer.from(frame.bytes).toString()).event
      : `${message?.name}${frame.reply ? ' =' : ''}`,
  );
}

describe('vhuscope proxy', () => {
  it('records what goes through, tells who came, and ends cleanly with SIGTERM', async () => {
    const [front, back, capture] = ['f', 'b', 'c.pcapng'].map(stand.path) as [string, string, string];
    await stand.backEnd(back);
    const proxy = stand.vhuscope('proxy', front, back, '-w', capture, '--device', 'fs');
    await proxy.says(/listening/);
    expect(await askFeatures(front)).toEqual(features);
    await proxy.says(/closed by the front-end/);
    await proxy.says(/the back-end is/);
    proxy.child.kill('SIGTERM');
    expect(await proxy.ended).toBe(0);
    expect(existsSync(front)).toBe(false);
    expect(proxy.out().length).toBe(0);
    expect(proxy.err()).toMatch(/^vhuscope: f: the back-end is node, pid \d+/m);
    expect(proxy.err()).toMatch(/^vhuscope: capture closed: \d+ records, \S+ KiB in .*c\.pcapng$/m);
    expect(statSync(capture).mode & 0o777).toBe(0o600);
    const events = names(capture);
    expect(events.filter(name => name.startsWith('GET'))).toEqual(['GET_FEATURES', 'GET_FEATURES =']);
    expect(events).toEqual(expect.arrayContaining(['started', 'connected', 'peer', 'closed', 'stopped']));
  });

  it('prints the messages as they come where nothing is recorded, and leaves nothing behind', async () => {
    const [front, back] = ['net0', 'b'].map(stand.path) as [string, string];
    await stand.backEnd(back);
    const proxy = stand.vhuscope('proxy', front, back);
    await proxy.says(/listening/);
    await askFeatures(front);
    while (!proxy.out().includes('GET_FEATURES =')) await once(proxy.child.stdout as NodeJS.ReadableStream, 'data');
    proxy.child.kill('SIGINT');
    expect(await proxy.ended).toBe(0);
    const text = proxy.out().toString();
    expect(text).toMatch(/F→B GET_FEATURES\n.*F←B └ GET_FEATURES = PROTOCOL_FEATURES\|VERSION_1/);
    expect(text).toMatch(/'net0' in the socket's name/);
    expect(proxy.err()).not.toMatch(/capture closed/);
  });

  it('goes on when nobody reads what it prints', async () => {
    const [front, back] = ['f', 'b'].map(stand.path) as [string, string];
    await stand.backEnd(back);
    const proxy = stand.vhuscope('proxy', front, back);
    await proxy.says(/listening/);
    proxy.child.stdout?.destroy();
    for (let round = 0; round < 3; round++) expect(await askFeatures(front)).toEqual(features);
    await proxy.says(/(closed by the front-end.*){3}/s);
    proxy.child.kill('SIGTERM');
    expect(await proxy.ended).toBe(0);
  });

  it('turns the roles: a front-end that listens, a back-end that connects', async () => {
    const [front, back] = ['f', 'b'].map(stand.path) as [string, string];
    const frontEnd = createServer(socket => socket.write(getFeatures)).listen(front);
    const proxy = stand.vhuscope('proxy', '--front-end', `connect:${front}`, '--back-end', `listen:${back}`, '-w', 'c');
    await proxy.says(/listening on .* for the back-end/);
    const backEnd = connect(back);
    const [asked] = await once(backEnd, 'data');
    expect(asked).toEqual(getFeatures);
    backEnd.destroy();
    await proxy.says(/closed by the back-end/);
    proxy.child.kill('SIGTERM');
    expect(await proxy.ended).toBe(0);
    frontEnd.close();
  });

  it('takes a connection that it inherits, and ends with it', async () => {
    await stand.backEnd(stand.path('b'));
    const [ours, theirs] = socketPair();
    const proxy = stand.vhuscopeWith([theirs], 'proxy', '--front-end', 'fd:3', '--back-end', 'connect:b', '-w', 'c');
    close(theirs);
    const frontEnd = new Socket({ fd: ours });
    frontEnd.write(getFeatures);
    const [answered] = await once(frontEnd, 'data');
    expect(answered).toEqual(features);
    frontEnd.destroy();
    expect(await proxy.ended).toBe(0);
    expect(names(stand.path('c'))).toEqual(expect.arrayContaining(['GET_FEATURES', 'closed', 'stopped']));
  });

  it('serves the pairs of a configuration file', async () => {
    await stand.backEnd(stand.path('b1'));
    await stand.backEnd(stand.path('b2'));
    const pair = (n: number) => `  - {name: p${n}, front-end: "listen:f${n}", back-end: "connect:b${n}"}\n`;
    writeFileSync(stand.path('x.yaml'), `write: all.pcapng\npairs:\n${pair(1)}${pair(2)}`);
    const proxy = stand.vhuscope('proxy', '--config', 'x.yaml');
    await proxy.says(/p2: listening/);
    for (const name of ['f1', 'f2']) expect(await askFeatures(stand.path(name))).toEqual(features);
    await proxy.says(/p2: closed/);
    proxy.child.kill('SIGTERM');
    expect(await proxy.ended).toBe(0);
    const pairs = rowsOf(stand.path('all.pcapng'))
      .filter(({ frame }) => frame.kind === 'message')
      .map(r => r.frame.pair);
    expect(pairs).toEqual(['p1', 'p1', 'p2', 'p2']);
  });

  it('writes the capture to a pipe', async () => {
    const [front, back, pipe] = ['f', 'b', 'pipe'].map(stand.path) as [string, string, string];
    await stand.backEnd(back);
    execFileSync('mkfifo', [pipe]);
    const read = readFile(pipe);
    const proxy = stand.vhuscope('proxy', front, back, '-w', pipe);
    await proxy.says(/listening/);
    await askFeatures(front);
    proxy.child.kill('SIGTERM');
    expect(await proxy.ended).toBe(0);
    writeFileSync(stand.path('c'), await read);
    expect(names(stand.path('c'))).toContain('GET_FEATURES');
  });

  it.each<[string[], number, RegExp]>([
    [['a', 'a'], 1, /both sides of a are a/],
    [['no/a', 'b'], 1, /cannot listen at no\/a: there is no such folder/],
    [['a', 'b', '-w', 'no/c'], 1, /cannot write .*no\/c/],
    [['a', 'x'.repeat(108)], 2, /is 108 bytes long, a socket's path may have 107/],
    [['.', 'b'], 1, /\. exists and is not a socket/],
    [['a', 'b', '--front-end', 'fd:3'], 2, /the front-end is given twice/],
    [['--front-end', 'fd:99', '--back-end', 'connect:b'], 1, /descriptor 99 is not a UNIX stream socket/],
    [['--config', 'no.yaml'], 1, /ENOENT.*no\.yaml/],
    [['--config', 'no.yaml', '--wait-back-end'], 2, /--config describes the pairs/],
    [['a', 'b', '--socket-owner', 'nobody-of-this-name'], 2, /no user 'nobody-of-this-name'/],
  ])('%j ends with %i', async (args, status, message) => {
    const proxy = stand.vhuscope('proxy', ...args);
    expect({ status: await proxy.ended, text: proxy.err() }).toEqual({ status, text: expect.stringMatching(message) });
    expect(proxy.err()).not.toMatch(/bug in vhuscope/);
  });
});
