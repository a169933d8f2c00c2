import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ControlClient, connectToEngine, findEngines } from '../../src/control/client.ts';
import { type ControlEvent, requests } from '../../src/control/messages.ts';
import { controlFolder, socketNames } from '../../src/control/registry.ts';
import { type ControlServer, type Handlers, startControl } from '../../src/control/server.ts';
import { decode, encode } from '../../src/control/wire.ts';
import { peerCredentials } from '../../src/sys/socket.ts';

const who = { program: 'test', author: 'ann' };
let folder = '';
let runtime: string | undefined;
const open: { close(): void }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-test-'));
  runtime = process.env.XDG_RUNTIME_DIR;
  process.env.XDG_RUNTIME_DIR = folder;
});

afterEach(() => {
  for (const one of open.splice(0)) one.close();
  if (runtime === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = runtime;
  rmSync(folder, { recursive: true, force: true });
});

async function engine(name: string, handlers: Handlers = {}, demanded = false): Promise<ControlServer> {
  const server = await startControl({ name, demanded, version: 'vhuscope 1', credentialsOf: peerCredentials });
  open.push(server);
  server.handle(handlers);
  return server;
}

async function viewer(name: string): Promise<ControlClient> {
  const client = await ControlClient.connect(name, who);
  open.push(client);
  return client;
}

/** Sends bytes as one WebSocket message; resolves to the answer, or to the code the connection is closed with. */
async function sends(path: string, bytes: Uint8Array): Promise<unknown> {
  const socket = new WebSocket('ws://engine/', { createConnection: () => createConnection(path) });
  await once(socket, 'open');
  socket.send(bytes);
  const answer = await Promise.race([
    once(socket, 'message').then(([data]) => decode(data as Buffer)),
    once(socket, 'close').then(([code]) => code),
  ]);
  socket.terminate();
  return answer;
}

describe('a control socket', () => {
  it('is for its user alone', async () => {
    const { path } = await engine('one');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(controlFolder()).mode & 0o777).toBe(0o700);
  });

  it('lies in a folder below that for temporary files where there is no XDG_RUNTIME_DIR', () => {
    const at = controlFolder({});
    expect(at).toBe(join(tmpdir(), `vhuscope-${process.getuid?.()}`));
    expect(statSync(at).mode & 0o777).toBe(0o700);
  });

  it('is not made in a folder that others can enter', async () => {
    mkdirSync(join(folder, 'vhuscope'));
    chmodSync(join(folder, 'vhuscope'), 0o755);
    await expect(engine('one')).rejects.toThrow(/open to other users.*chmod 700/);
  });

  it('is not made where a file is in the way', async () => {
    writeFileSync(join(folder, 'vhuscope'), '');
    await expect(engine('one')).rejects.toThrow(/EEXIST|not a folder/);
  });

  it('is gone when the engine ends, with nothing beside it', async () => {
    const server = await engine('one');
    server.close();
    expect(readdirSync(controlFolder())).toEqual([]);
  });

  it('of somebody else in its place is left when the engine ends', async () => {
    const server = await engine('vm1');
    rmSync(server.path);
    writeFileSync(server.path, 'somebody else');
    server.close();
    expect(readFileSync(server.path, 'utf8')).toBe('somebody else');
  });

  it('gets a number behind its name where that is taken, unless the name was asked for', async () => {
    const names = [await engine('one'), await engine('one'), await engine('one')].map(({ name }) => name);
    expect(names).toEqual(['one', 'one-2', 'one-3']);
    await expect(engine('one', {}, true)).rejects.toThrow('an engine named one is running already');
    expect(socketNames()).toEqual(['one', 'one-2', 'one-3']);
  });

  it('takes the place of one that was left behind', async () => {
    const stale = createServer().listen(join(controlFolder(), '.bound'));
    await once(stale, 'listening');
    // What remains of a killed process: a socket file without a listener. Node removes only the path it has bound.
    linkSync(join(controlFolder(), '.bound'), join(controlFolder(), 'one.sock'));
    stale.close();
    await once(stale, 'close');
    expect(existsSync(join(controlFolder(), 'one.sock'))).toBe(true);
    await expect(ControlClient.connect('one', who)).rejects.toThrow(/the engine one is gone/);
    expect((await engine('one', {}, true)).name).toBe('one');
    expect((await viewer('one')).hello.name).toBe('one');
  });

  it.each(['', '../x', 'a b', 'x'.repeat(33), '.hidden'])('cannot be named %j', async name => {
    await expect(engine(name)).rejects.toThrow(/cannot be named/);
  });
});

describe('viewers', () => {
  it('learn who the engine is, and the engine who they are', async () => {
    const seen: string[] = [];
    await engine('one', {
      note(_params, { name }) {
        seen.push(name);
        return {};
      },
    });
    const client = await viewer('one');
    expect(client.hello).toEqual({
      ...{ protocol: 1, name: 'one', version: 'vhuscope 1', pid: process.pid },
      you: `ann (test, pid ${process.pid})`,
    });
    await client.request('note', { text: 'x' });
    expect(seen).toEqual([`ann (test, pid ${process.pid})`]);
  });

  it('are several at once, and each hears what it has asked for', async () => {
    const server = await engine('one');
    const [first, second, deaf] = [await viewer('one'), await viewer('one'), await viewer('one')];
    const heard: ControlEvent[][] = [[], []];
    await first.subscribe(event => heard[0]?.push(event));
    await second.subscribe(event => heard[1]?.push(event));
    expect(server.viewers).toBe(2);
    server.tell({ type: 'listening', pair: 'p', big: 1n << 60n } as { type: string });
    // Messages keep their order, so what comes before an answer has come.
    for (const client of [first, second, deaf]) await client.request('subscribe', { events: false });
    expect(heard).toEqual([[{ type: 'listening', pair: 'p', big: 1n << 60n }], expect.anything()]);
    expect(heard[1]).toEqual(heard[0]);
    deaf.close();
    await deaf.closed;
  });

  it('that ask before the engine is ready are answered when it is', async () => {
    const server = await startControl({ name: 'one', demanded: true, version: 'v' });
    open.push(server);
    const asked = (await viewer('one')).request('note', { text: 'x' });
    server.handle({ note: () => ({}) });
    expect(await asked).toEqual({});
  });

  it('that do not read miss events, and are told how many', async () => {
    const server = await engine('one');
    const client = await viewer('one');
    const heard: ControlEvent[] = [];
    await client.subscribe(event => heard.push(event));
    const filler = 'x'.repeat(1 << 20);
    // Nothing is read on this thread meanwhile, so that the socket fills up.
    for (let i = 0; i < 20; i++) server.tell({ type: 'listening', filler } as { type: string });
    await client.request('subscribe', { events: true });
    server.tell({ type: 'last' });
    await client.request('subscribe', { events: true });
    const missed = heard.find(event => event.type === 'missed');
    expect(heard.at(-1)).toEqual({ type: 'last' });
    expect(heard.filter(event => event.type === 'listening').length + Number(missed?.count)).toBe(20);
  });

  it('that ask and do not read wait with their requests, so that little is kept for them', async () => {
    let asked = 0;
    const { path } = await engine('one', {
      holds() {
        asked++;
        return { held: [], filler: 'x'.repeat(1 << 18) } as unknown as { held: [] };
      },
    });
    const deaf = createConnection(path);
    const socket = new WebSocket('ws://engine/', { createConnection: () => deaf });
    await once(socket, 'open');
    deaf.pause();
    const all = 1000;
    for (let id = 0; id < all; id++) socket.send(encode({ id, request: 'holds' }));
    // Another one is served meanwhile.
    const other = await viewer('one');
    for (let i = 0; i < 20; i++) await other.request('subscribe', { events: false });
    expect(asked).toBeLessThan(100);
    const answered = new Promise<void>(resolve => {
      let count = 0;
      socket.on('message', () => ++count === all && resolve());
    });
    deaf.resume();
    await answered;
    expect(asked).toBe(all);
    socket.terminate();
  });

  it('are at most so many that the relay has descriptors left', async () => {
    const { path } = await engine('one');
    const sockets = Array.from({ length: 300 }, () => createConnection(path));
    const states = await Promise.all(
      sockets.map(socket =>
        Promise.race([
          once(socket, 'close').then(() => 'closed'),
          once(
            socket.on('error', () => {}),
            'connect',
          ).then(() => new Promise(wake => setTimeout(wake, 300))),
        ]),
      ),
    );
    expect(states.filter(state => state === 'closed')).toHaveLength(44);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await viewer('one')).hello.name).toBe('one');
  });

  it('hear the reason of a refusal, and go on', async () => {
    await engine('one', {
      stop() {
        throw new Error('not now');
      },
    });
    const client = await viewer('one');
    await expect(client.request('stop', {})).rejects.toThrow('not now');
    await expect(client.request('status', {})).rejects.toThrow('this engine cannot status');
    await expect(client.request('note', { text: '' })).rejects.toThrow(/^note: .*text/);
    await expect(client.request('note', { text: 'x', off: 1 } as { text: string })).rejects.toThrow(/note: .*off/);
    await expect(client.request('toString' as 'note', { text: '' })).rejects.toThrow("no request 'toString'");
  });

  it('learn that the engine has ended', async () => {
    const server = await engine('one', { status: () => new Promise(() => {}) });
    const client = await viewer('one');
    const asked = client.request('status', {});
    server.close();
    await expect(asked).rejects.toThrow('the engine has hung up');
    await client.closed;
  });

  it.each<[string, Uint8Array]>([
    ['bytes that are no CBOR', Uint8Array.of(0x1c, 0xff)],
    ['CBOR that is no request', encode({ id: -1, request: 'hello' })],
    ['nothing', new Uint8Array(0)],
    ['more bytes than a request may have', new Uint8Array((1 << 20) + 1)],
  ])('are hung up on for %s', async (_what, bytes) => {
    const { path } = await engine('one');
    expect([1002, 1009]).toContain(await sends(path, bytes));
    expect((await viewer('one')).hello.name).toBe('one');
  });

  it('may be any program that speaks CBOR', async () => {
    const { path } = await engine('one');
    // {"id": 7, "request": "hello"}, typed by hand from RFC 8949
    const bytes = Buffer.from('a26269640767726571756573746568656c6c6f', 'hex');
    expect(await sends(path, bytes)).toMatchObject({ id: 7, result: { name: 'one', protocol: 1 } });
  });
});

describe('finding engines', () => {
  it('lists those that run, and removes what others left behind', async () => {
    await engine('one');
    await engine('two');
    const silent = createServer(socket => socket.on('error', () => {}).end('not an engine\n')).listen(
      join(controlFolder(), 'odd.sock'),
    );
    open.push(silent);
    await once(silent, 'listening');
    const found = await findEngines(who);
    expect(found.map(({ name }) => name)).toEqual(['odd', 'one', 'two']);
    expect(found[0]).toMatchObject({ problem: expect.stringMatching(/cannot reach the engine/) });
    await expect(connectToEngine(undefined, who)).rejects.toThrow(
      'several engines are running, name one: odd, one, two',
    );
  });

  it('takes the only one there is', async () => {
    await expect(connectToEngine(undefined, who)).rejects.toThrow(/no engine is running/);
    const { path } = await engine('one');
    for (const name of [undefined, 'one', path]) {
      const client = await connectToEngine(name, who);
      open.push(client);
      expect(client.hello.name).toBe('one');
    }
    await expect(connectToEngine('two', who)).rejects.toThrow(/no engine named two is running/);
  });
});

describe('docs/control.md', () => {
  it('tells of every request and nothing else', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/control.md'), 'utf8');
    const table = text.slice(text.indexOf('\nRequests:'), text.indexOf('\nEvents are'));
    const told = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect(told).toEqual(Object.keys(requests));
  });
});
