/** A viewer's end of a control socket, and the list of the engines that run. */
import { connect as connectSocket } from 'node:net';
import { userInfo } from 'node:os';
import { WebSocket } from 'ws';
import { ControlError } from './control-error.ts';
import {
  type ControlEvent,
  controlVersion,
  type Hello,
  type Params,
  type RequestName,
  type Result,
} from './messages.ts';
import { controlFolder, removeStale, socketNames, socketOf } from './registry.ts';
import { answerSchema, decode, encode, largestResponse } from './wire.ts';

/** Who connects. */
export interface Who {
  /** The program: `ctl`, `tui`. */
  program: string;
  /** The person; the user's login name where absent. */
  author?: string;
}

/** Milliseconds an engine may take to say who it is; a busy machine needs some. */
const answerMs = 5000;

/** A connection to a running engine. */
export class ControlClient {
  readonly hello: Hello;
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #line: Line;

  private constructor(line: Line, hello: Hello) {
    this.#line = line;
    this.hello = hello;
    this.closed = line.closed;
  }

  /**
   * Connects to an engine by its name or the path of its socket. Rejects with a ControlError for people where there is
   * none, or one that speaks another version.
   */
  static async connect(nameOrPath: string, who: Who): Promise<ControlClient> {
    const line = await Line.open(socketOf(nameOrPath), nameOrPath);
    try {
      const author = who.author ?? loginName();
      const asked = line.ask('hello', { program: who.program, ...(author && { author }) });
      const hello = (await within(asked, answerMs, `the engine ${nameOrPath} does not answer`)) as Hello;
      if (hello.protocol !== controlVersion)
        throw new ControlError(
          `${nameOrPath} is ${hello.version} and speaks version ${hello.protocol} of the control protocol, we ${controlVersion}`,
        );
      return new ControlClient(line, hello);
    } catch (error) {
      line.close();
      throw error;
    }
  }

  /** Asks for something; rejects with a ControlError that says why it was refused. */
  request<Name extends RequestName>(name: Name, params: Params<Name>): Promise<Result<Name>> {
    return this.#line.ask(name, params) as Promise<Result<Name>>;
  }

  /** Has `listener` hear the engine's events from now on; `missed` tells how many passed a viewer that was too slow. */
  async subscribe(listener: (event: ControlEvent) => void): Promise<void> {
    this.#line.listener = listener;
    await this.request('subscribe', { events: true });
  }

  /** Hangs up. */
  close(): void {
    this.#line.close();
  }
}

/** The socket, and the questions that are open on it. */
class Line {
  readonly closed: Promise<void>;
  listener: ((event: ControlEvent) => void) | undefined;
  readonly #socket: WebSocket;
  readonly #open = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#hear(data));
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        for (const { reject } of this.#open.values()) reject(new ControlError('the engine has hung up'));
        this.#open.clear();
        resolve();
      });
    });
  }

  static open(path: string, name: string): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket('ws://engine/', {
        createConnection: () => connectSocket(path),
        ...{ perMessageDeflate: false, maxPayload: largestResponse, handshakeTimeout: answerMs },
      });
      socket.on('error', (error: NodeJS.ErrnoException) => reject(new ControlError(whyNot(error, name, path))));
      socket.once('open', () => resolve(new Line(socket)));
    });
  }

  ask(request: string, params: object): Promise<unknown> {
    if (this.#socket.readyState !== WebSocket.OPEN)
      return Promise.reject(new ControlError('the connection to the engine is closed'));
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#socket.send(encode({ id, request, params }));
    });
  }

  #hear(data: Buffer): void {
    const message = answerSchema.safeParse(decode(data)).data;
    if (message === undefined) return;
    if ('event' in message) {
      this.listener?.(message.event);
      return;
    }
    const asked = this.#open.get(message.id);
    this.#open.delete(message.id);
    if ('error' in message) asked?.reject(new ControlError(message.error.message));
    else asked?.resolve(message.result);
  }

  close(): void {
    this.#socket.close();
  }
}

function whyNot(error: NodeJS.ErrnoException, name: string, path: string): string {
  if (error.code === 'ENOENT') return `no engine named ${name} is running (no socket ${path})`;
  if (error.code === 'ECONNREFUSED') return `the engine ${name} is gone, its socket ${path} was left behind`;
  return `cannot reach the engine ${name} at ${path}: ${error.message}`;
}

function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // a uid without an entry in /etc/passwd
  }
}

async function within<Value>(promise: Promise<Value>, milliseconds: number, complaint: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ControlError(complaint)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** An engine that is known by its socket. */
export type Found =
  | { name: string; path: string; hello: Hello }
  /** It runs, but did not answer as an engine does. */
  | { name: string; path: string; problem: string };

/** The engines of this user that run. Sockets that nobody answers are removed. */
export async function findEngines(who: Who): Promise<Found[]> {
  const folder = controlFolder();
  const found = socketNames(folder).map(async (name): Promise<Found | undefined> => {
    const path = socketOf(name, folder);
    if (await removeStale(path)) return undefined;
    try {
      const client = await ControlClient.connect(path, who);
      client.close();
      return { name, path, hello: client.hello };
    } catch (error) {
      return { name, path, problem: (error as Error).message };
    }
  });
  return (await Promise.all(found)).filter(one => one !== undefined);
}

/**
 * Connects to the engine with that name, or without one to the only engine that runs. Rejects with a ControlError that
 * lists the engines where there is not just one.
 */
export async function connectToEngine(name: string | undefined, who: Who): Promise<ControlClient> {
  if (name !== undefined) return ControlClient.connect(name, who);
  const found = await findEngines(who);
  const [only] = found;
  if (only === undefined) throw new ControlError('no engine is running; start one with vhuscope proxy or run');
  if (found.length > 1)
    throw new ControlError(`several engines are running, name one: ${found.map(each => each.name).join(', ')}`);
  return ControlClient.connect(only.path, who);
}
