/** Programs under test, with peers that know the first message of the protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { TraceReader } from '../../src/trace/reading.ts';
import type { Row } from '../../src/trace/row.ts';

/** The program's entry in the build. */
export const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** GET_FEATURES and the reply to it, as on the wire. */
export const getFeatures = Buffer.from('010000000100000000000000', 'hex');
export const features = Buffer.from('0100000005000000080000000000004001000000', 'hex');

/** The rows of a finished capture. */
export function rowsOf(path: string): Row[] {
  const file = new TraceReader().open(path);
  try {
    return [...file.rows()].flat();
  } finally {
    file.close();
  }
}

/** A started program with its output so far. */
export interface Started {
  child: ChildProcess;
  out(): Buffer;
  err(): string;
  /** Resolves once stderr has a line that matches. */
  says(pattern: RegExp): Promise<void>;
  /** Exit status or signal. */
  ended: Promise<number | string>;
}

/** Everything of one test: a folder, processes and servers, all gone at its end. */
export interface Stand {
  readonly folder: string;
  path(name: string): string;
  vhuscope(...args: string[]): Started;
  /** The same with descriptors that it inherits as 3, 4, … */
  vhuscopeWith(descriptors: readonly number[], ...args: string[]): Started;
  /** A back-end that answers GET_FEATURES, as often as one comes. */
  backEnd(path: string): Promise<Server>;
}

/** Makes a stand for each test of a file. */
export function useStand(): Stand {
  let folder = '';
  const children: ChildProcess[] = [];
  const servers: Server[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vhuscope-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    for (const server of servers.splice(0)) server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get folder() {
      return folder;
    },
    path: name => join(folder, name),
    vhuscope(...args) {
      return this.vhuscopeWith([], ...args);
    },
    vhuscopeWith(descriptors, ...args) {
      const stdio = ['ignore', 'pipe', 'pipe', ...descriptors] as const;
      const child = spawn(process.execPath, [main, ...args], {
        stdio: [...stdio],
        cwd: folder,
        env: { ...process.env, LC_ALL: 'C.UTF-8', XDG_RUNTIME_DIR: folder },
      });
      children.push(child);
      return watched(child);
    },
    async backEnd(path) {
      const server = createServer(answer).listen(path);
      servers.push(server);
      await once(server, 'listening');
      return server;
    },
  };
}

function watched(child: ChildProcess): Started {
  const out: Buffer[] = [];
  let err = '';
  child.stdout?.on('data', chunk => out.push(chunk));
  child.stderr?.on('data', chunk => {
    err += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  return {
    child,
    out: () => Buffer.concat(out),
    err: () => err,
    async says(pattern) {
      while (!pattern.test(err)) {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}, having said: ${err}`);
        await Promise.race([once(child.stderr as NodeJS.ReadableStream, 'data'), once(child, 'close')]);
      }
    },
    ended,
  };
}

function answer(socket: Socket): void {
  socket.on('data', () => socket.write(features));
  socket.on('error', () => {});
}

/** A front-end that connects, asks for the features and hangs up; resolves to what it was answered. */
export async function askFeatures(path: string): Promise<Buffer> {
  const socket = connect(path);
  socket.write(getFeatures);
  const [answered] = await once(socket, 'data');
  socket.destroy();
  return answered;
}
