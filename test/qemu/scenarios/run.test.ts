import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { conversationsOf, readCapture } from '../capture.ts';
import { compareConversations } from '../compare.ts';
import { conversations } from '../conversation.ts';
import { traceOf } from '../pair.ts';
import { devices, newDisk, qemu, storageDaemon } from '../peers.ts';
import { Program, stopAll } from '../programs.ts';
import { listening, scenarioFolder, socketPath } from '../rig.ts';
import { straceOptions } from '../strace.ts';
import { vhuscope } from '../vhuscope.ts';

afterEach(stopAll);

/** `vhuscope run` with a QEMU under strace, whose command line names the back-end's own socket. */
function underVhuscope(folder: string, socket: string, ...options: string[]): Program {
  const machine = qemu(socket, { tasks: 'blk', device: devices.blk });
  const traced = ['strace', ...straceOptions, '-o', join(folder, 'front-end.strace'), ...machine];
  const command = [process.execPath, vhuscope, 'run', ...options, '--', ...traced];
  return new Program('vhuscope run', command, { log: join(folder, 'run.log') });
}

it('vhuscope run starts QEMU with its socket rewritten and ends as QEMU ends', async () => {
  const folder = scenarioFolder('run');
  const socket = socketPath(folder, 'back');
  const traces = { front: join(folder, 'front-end.strace'), back: join(folder, 'back-end.strace') };
  const capture = join(folder, 'run.pcapng');
  const command = storageDaemon(socket, newDisk(join(folder, 'disk')));
  const backEnd = new Program('back-end', command, { log: join(folder, 'back-end.log'), trace: traces.back });
  expect(await listening(socket, 20, () => backEnd.alive)).toBe(true);

  const run = underVhuscope(folder, socket, '-w', capture);
  await run.prints(/guest: blk ok/);
  expect(await run.end()).toBe(0);
  await stopAll();

  const captured = conversationsOf(readCapture(capture));
  const rewritten = traceOf(traces.front).connects[0]?.path ?? '';
  expect(rewritten).not.toBe(socket);
  expect(captured).toHaveLength(1);
  const front = conversations(traceOf(traces.front), rewritten, 'front-end');
  expect(compareConversations(captured, front, 'front-end')).toEqual([]);
  const back = conversations(traceOf(traces.back), socket, 'back-end');
  expect(compareConversations(captured, back, 'back-end')).toEqual([]);
});

it('vhuscope run passes the failure of a QEMU that finds no back-end', async () => {
  const folder = scenarioFolder('run-absent');
  const run = underVhuscope(folder, socketPath(folder, 'back'), '-w', join(folder, 'run.pcapng'));
  expect(await run.end(20)).toBe(1);
  expect(run.output).toContain('Failed to connect to');
});
