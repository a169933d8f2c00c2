/**
 * An engine's control socket: a WebSocket server on a UNIX socket that only its user can reach. Any number of viewers
 * at once; a viewer that does not read misses events, and is told how many, but never delays anybody.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { ControlError } from './control-error.ts';
import { controlVersion, type Hello, type Params, type RequestName, type Result, requests } from './messages.ts';
import { takeName } from './registry.ts';
import { type AnswerMessage, decode, encode, largestRequest, requestSchema } from './wire.ts';

/** Who sent a request: `name` is what gets recorded. */
export interface Viewer {
  readonly name: string;
}

/** What carries out the requests. `hello` and `subscribe` are the server's own. */
export type Handlers = {
  [Name in Exclude<RequestName, 'hello' | 'subscribe'>]?: (
    params: Params<Name>,
    viewer: Viewer,
  ) => Result<Name> | Promise<Result<Name>>;
};

/** What a server is started with. */
export interface ControlOptions {
  /** The engine's name; with `demanded` it fails where that is taken, otherwise it gets a number behind it. */
  name: string;
  demanded: boolean;
  /** The program and its version. */
  version: string;
  /** Who is at the other end of a socket, from the kernel; asked once for each viewer. */
  credentialsOf?(fd: number): { pid: number; uid: number } | undefined;
}

/** Milliseconds in which a viewer may take leave when the engine ends. */
const leaveMs = 300;
/** Bytes that may wait for a viewer before events pass it by, and its requests wait. */
const mostWaiting = 4 << 20;
/** Requests of a viewer that are carried out at the same time. */
const mostAtOnce = 16;
/** Connections at a time: the descriptors of this process are those of the relay, too. */
const mostConnections = 256;

/** An engine's control socket. */
export interface ControlServer {
  readonly name: string;
  readonly path: string;
  /** Viewers that follow what happens at present; who only asks is none. */
  readonly viewers: number;
  /** Requests are answered from now on; those that came before have waited. */
  handle(handlers: Handlers): void;
  /** Tells every viewer that has subscribed. Plain data. */
  tell(event: { type: string }): void;
  /** Hangs up on everybody and removes the socket. */
  close(): void;
}

/** Starts to listen. Throws a ControlError, or an error of the operating system, where that is not possible. */
export async function startControl(options: ControlOptions): Promise<ControlServer> {
  const http = createServer((_request, response) => response.writeHead(426).end());
  http.maxConnections = mostConnections;
  const taken = await takeName(options.name, options.demanded ? 'demanded' : 'wished', path =>
    listen(http, path),
  ).catch(error => {
    http.close();
    throw error;
  });
  return new RunningControl(http, taken, options);
}

function listen(http: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    // Nobody else can enter the folder; the mode says it once more, from the socket's first moment.
    const before = process.umask(0o177);
    http.listen(path, resolve);
    process.umask(before);
  });
}

class RunningControl implements ControlServer {
  readonly name: string;
  readonly path: string;
  readonly #http: Server;
  readonly #release: () => void;
  readonly #options: ControlOptions;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: largestRequest, perMessageDeflate: false });
  readonly #conversations = new Set<Conversation>();
  readonly #handlers: Promise<Handlers>;
  #resolveHandlers!: (handlers: Handlers) => void;

  constructor(http: Server, taken: { name: string; path: string; release(): void }, options: ControlOptions) {
    this.name = taken.name;
    this.path = taken.path;
    this.#http = http;
    this.#release = taken.release;
    this.#options = options;
    this.#handlers = new Promise(resolve => {
      this.#resolveHandlers = resolve;
    });
    http.on('error', () => {}); // of one connection that could not be accepted
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const credentials = options.credentialsOf?.(descriptorOf(socket));
      this.#sockets.handleUpgrade(request, socket, head, connection => this.#admit(connection, credentials));
    });
    process.on('exit', this.#release);
  }

  get viewers(): number {
    return [...this.#conversations].filter(conversation => conversation.subscribed).length;
  }

  #admit(connection: WebSocket, credentials: { pid: number; uid: number } | undefined): void {
    const { name, version } = { name: this.name, version: this.#options.version };
    const engine = { protocol: controlVersion, name, version, pid: process.pid };
    const conversation = new Conversation(connection, credentials, engine, this.#handlers);
    this.#conversations.add(conversation);
    connection.on('close', () => this.#conversations.delete(conversation));
  }

  handle(handlers: Handlers): void {
    this.#resolveHandlers(handlers);
  }

  tell(event: { type: string }): void {
    for (const conversation of this.#conversations) conversation.tell(event);
  }

  close(): void {
    process.off('exit', this.#release);
    this.#release();
    for (const conversation of this.#conversations) conversation.close();
    this.#sockets.close();
    this.#http.close();
    this.#http.closeAllConnections();
  }
}

/** The number of a socket's descriptor, which Node keeps to itself; -1 where it does not tell. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } };
  return handle?.fd ?? -1;
}

/** One viewer. */
class Conversation {
  readonly #connection: WebSocket;
  readonly #credentials: { pid: number; uid: number } | undefined;
  readonly #engine: Omit<Hello, 'you'>;
  readonly #handlers: Promise<Handlers>;
  #viewer: Viewer;
  /** Whether it is told what happens. */
  subscribed = false;
  #missed = 0;
  /** Requests that have come and are not carried out yet; nothing more is read as long as there are any. */
  readonly #requests: Buffer[] = [];
  #busy = 0;

  constructor(
    connection: WebSocket,
    credentials: { pid: number; uid: number } | undefined,
    engine: Omit<Hello, 'you'>,
    handlers: Promise<Handlers>,
  ) {
    this.#connection = connection;
    this.#credentials = credentials;
    this.#engine = engine;
    this.#handlers = handlers;
    this.#viewer = { name: this.#nameOf({}) };
    connection.on('message', (data: Buffer) => {
      this.#requests.push(data);
      this.#serve();
    });
    connection.on('error', () => connection.terminate());
  }

  /** What is recorded of who did something: what they call themselves, and what the kernel knows of them. */
  #nameOf({ author, program }: Params<'hello'>): string {
    const known = this.#credentials;
    const facts = [program, known && `pid ${known.pid}`, known && !author && `uid ${known.uid}`].filter(Boolean);
    return `${author ?? 'somebody'}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
  }

  /** Carries out what has come, as far as the viewer reads the answers. */
  #serve(): void {
    while (this.#requests.length > 0 && this.#busy < mostAtOnce && this.#connection.bufferedAmount <= mostWaiting) {
      this.#busy++;
      void this.#hear(this.#requests.shift() as Buffer).finally(() => {
        this.#busy--;
        this.#serve();
      });
    }
    if (this.#requests.length > 0) this.#connection.pause();
    else this.#connection.resume();
  }

  async #hear(data: Buffer): Promise<void> {
    const message = requestSchema.safeParse(decode(data));
    // Without a number there is nobody to answer: what talks like this is no viewer.
    if (!message.success) return this.#connection.close(1002, 'not a request');
    const { id, request, params } = message.data;
    try {
      this.#send({ id, result: await this.#answer(request, params ?? {}) });
    } catch (error) {
      this.#send({ id, error: { message: (error as Error).message } });
    }
  }

  async #answer(name: string, params: unknown): Promise<unknown> {
    if (!Object.hasOwn(requests, name)) throw new ControlError(`there is no request '${name}'`);
    const checked = requests[name as RequestName].params.safeParse(params);
    if (!checked.success) throw new ControlError(`${name}: ${complaint(checked.error)}`);
    if (name === 'hello') {
      this.#viewer = { name: this.#nameOf(checked.data as Params<'hello'>) };
      return { ...this.#engine, you: this.#viewer.name };
    }
    if (name === 'subscribe') {
      this.subscribed = (checked.data as Params<'subscribe'>).events;
      return {};
    }
    const handler = (await this.#handlers)[name as keyof Handlers] as
      | ((params: unknown, viewer: Viewer) => unknown)
      | undefined;
    if (handler === undefined) throw new ControlError(`this engine cannot ${name}`);
    return handler(checked.data, this.#viewer);
  }

  tell(event: { type: string }): void {
    if (!this.subscribed) return;
    if (this.#connection.bufferedAmount > mostWaiting) {
      this.#missed++;
      return;
    }
    if (this.#missed > 0) this.#send({ event: { type: 'missed', count: this.#missed } });
    this.#missed = 0;
    this.#send({ event });
  }

  #send(message: AnswerMessage): void {
    if (this.#connection.readyState === this.#connection.OPEN)
      this.#connection.send(encode(message), () => this.#requests.length > 0 && this.#serve());
  }

  close(): void {
    this.#connection.close(1001, 'the engine ends');
    const timer = setTimeout(() => this.#connection.terminate(), leaveMs);
    this.#connection.once('close', () => clearTimeout(timer));
  }
}

/** What is wrong with the parameters of a request, in one line. */
function complaint(error: z.ZodError): string {
  return z
    .prettifyError(error)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/✖ /g, '');
}
