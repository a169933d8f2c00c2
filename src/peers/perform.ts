/** Takes the steps of a script on a connection. */
import { readSync, writeSync } from 'node:fs';
import { holds } from '../decode/condition.ts';
import { monotonicNs } from '../sys/clock.ts';
import { readSome } from '../sys/resources.ts';
import { type Connection, PeerError } from './connection.ts';
import type { Script, Step } from './script.ts';

/**
 * Takes the steps in order. What comes back through rings and pipes is added to the connection's answers.
 *
 * @throws PeerError where a step cannot be taken
 */
export function perform(script: Script, connection: Connection): void {
  for (const step of script) take(step, connection);
}

function take<Kind extends Step['do']>(step: Step & { do: Kind }, connection: Connection): void {
  const taken: (step: Step & { do: Kind }, connection: Connection) => void = steps[step.do];
  taken(step, connection);
}

/** How each kind of step is taken. */
const steps: { readonly [Kind in Step['do']]: (step: Step & { do: Kind }, connection: Connection) => void } = {
  send: ({ message, payload, options }, connection) => connection.request(message, payload, options),
  raw: ({ channel, bytes, fds }, connection) => connection.raw(channel, bytes, fds),
  expect: ({ message }, connection) => {
    const { requests } = connection;
    connection.until(`a ${message} of the other side`, () => requests.includes(message));
    requests.splice(requests.indexOf(message), 1);
  },
  closed: ({ channel }, connection) => {
    while (!connection.isClosed(channel)) connection.turn();
  },
  transfer: (step, { role, answers }) => {
    if (!role.transfer) throw new PeerError('only a front-end has a driver');
    answers.push(role.transfer(step));
  },
  signal: ({ event }, { role }) => role.resources.signal(event),
  feed: ({ pipe, bytes }, { role }) => {
    writeSync(role.resources.pipe(pipe, 'write'), bytes);
    role.resources.dropPipe(pipe);
  },
  drain: ({ pipe }, connection) => {
    connection.answers.push(drain(pipe, connection));
  },
  peek: ({ memory, bytes }, { role, answers }) => {
    const read = new Uint8Array(bytes);
    readSync(role.resources.memory(memory, bytes), read, 0, bytes, 0);
    answers.push(read);
  },
  wait: ({ ms }, connection) => {
    const end = monotonicNs() + ms * 1e6;
    while (monotonicNs() < end) connection.turn();
  },
  mark: ({ name }, { marks, witness }) => {
    marks[name] = witness.frames.length;
  },
  close: ({ channel, how }, connection) => connection.closeChannel(channel, how),
  when: ({ cond, steps: then, otherwise }, connection) =>
    perform(holds(cond, connection.facts(0, true)) ? then : otherwise, connection),
};

/** Reads the near end of a pipe until the other side has closed the far one. */
function drain(pipe: string, connection: Connection): Uint8Array {
  const { resources } = connection.role;
  const fd = resources.pipe(pipe, 'read');
  // Our own copy of the end that was sent away would keep the pipe open.
  resources.dropPipe(pipe, ['write']);
  const parts: Uint8Array[] = [];
  connection.until('the end of the pipe', () => {
    for (;;) {
      const part = readSome(fd);
      if (part === undefined) return false;
      if (part.length === 0) return true;
      parts.push(part);
    }
  });
  resources.dropPipe(pipe);
  return Buffer.concat(parts);
}
