/** A QMP client, as small as these tests need it. */
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { listening } from './rig.ts';

type Json = Record<string, unknown>;

/** A connection to a QEMU's monitor. */
export class Qmp {
  private readonly socket: Socket;
  private readonly waiting: ((reply: Json) => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    createInterface(socket).on('line', line => {
      const message = JSON.parse(line) as Json;
      if ('return' in message || 'error' in message) this.waiting.shift()?.(message);
    });
    const lost = (why: string) => {
      for (const settle of this.waiting.splice(0)) settle({ error: { desc: why } });
    };
    socket.on('close', () => lost('the monitor closed'));
    socket.on('error', problem => lost(problem.message));
  }

  /** Connects to the monitor's socket once it is there, and leaves the negotiation mode. */
  static async connect(path: string): Promise<Qmp> {
    if (!(await listening(path, 20))) throw new Error(`no QMP monitor at ${path}`);
    const socket = createConnection(path);
    const qmp = new Qmp(socket);
    await qmp.execute('qmp_capabilities');
    return qmp;
  }

  /**
   * Runs a command and returns what it returns.
   * @throws Error with QEMU's description of what went wrong
   */
  async execute(command: string, args: Json = {}): Promise<Json> {
    const reply = await new Promise<Json>(resolve => {
      this.waiting.push(resolve);
      this.socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    if ('error' in reply) throw new Error(`${command}: ${(reply.error as Json).desc}`);
    return reply.return as Json;
  }

  /** Waits until a query's answer satisfies the test. */
  async until(query: string, holds: (answer: Json) => boolean, seconds = 60): Promise<Json> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const answer = await this.execute(query);
      if (holds(answer)) return answer;
      if (Date.now() > deadline) throw new Error(`${query} still says ${JSON.stringify(answer)} after ${seconds} s`);
      await new Promise(wake => setTimeout(wake, 100));
    }
  }

  close(): void {
    this.socket.destroy();
  }
}
