/** A replay beside its recording: what it tells, and what keys do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { SyntaxProblem } from '../../src/decode/syntax-problem.ts';
import { textOf } from '../../src/tui/frame.ts';
import { parseReplay } from '../../src/tui/replaying.ts';
import { rowUnderCursor } from '../../src/tui/views/messages.ts';
import { Pty } from './pty.ts';
import { asLines, everyResult, replayOf } from './replaying.ts';
import { Stage } from './stage.ts';

const captures = resolve(import.meta.dirname, '../../captures');
const text = (stage: Stage): string => stage.frame.lines.map(textOf).join('\n');

it('goes with the newest message, also in the recording, until somebody looks elsewhere', () => {
  const stage = new Stage(`${captures}/fs.pcapng`, { width: 120, height: 40 });
  const at = () => rowUnderCursor(stage.model)?.n;
  stage.act({ type: 'replay', facts: replayOf(...asLines(everyResult.slice(0, 2))) }).press('P');
  expect(at()).toBe(5);
  stage.act({ type: 'replay', facts: replayOf(...asLines(everyResult.slice(0, 4))) });
  expect(at()).toBe(10);
  stage.press('g');
  expect(at()).toBe(4);
  stage.act({ type: 'replay', facts: replayOf(...asLines(everyResult)) });
  expect(at()).toBe(4);
  stage.close();
});

it('goes from deviation to deviation; what must differ is none', () => {
  const stage = new Stage(`${captures}/fs.pcapng`, { width: 120, height: 40 });
  stage.act({ type: 'replay', facts: replayOf(...asLines(everyResult)) }).press('P', 'g');
  const here = () => textOf(stage.frame.lines.find(line => line.some(({ ground }) => ground === 'cursor')) ?? []);
  const found = ['different', 'missing', 'late', 'extra'].map(word => {
    stage.press('e');
    return here().includes(word);
  });
  expect(found).toEqual([true, true, true, true]);
  stage.press('e');
  expect(text(stage)).toMatch(/there is no deviation below/);
  stage.press('E');
  expect(here()).toMatch(/late/);
  expect(rowUnderCursor(stage.model)?.n).toBe(18);
  stage.close();
});

it('says the next message at a key where it waits, and tells its verdict', () => {
  const stage = new Stage(`${captures}/fs.pcapng`, { width: 120, height: 40 });
  stage.act({ type: 'replay', facts: replayOf({ type: 'next', n: 4, name: '4 GET_FEATURES' }) }).press('P');
  expect(text(stage)).toMatch(/waits before 4 GET_FEATURES: Enter says it/);
  stage.press('enter', 'x');
  expect(stage.effects).toEqual([{ type: 'replay-next' }, { type: 'replay-stop' }]);
  const said = ['1 said', 'all of it was played', 'the back-end behaves as in the recording'];
  stage.act({ type: 'replay', facts: replayOf({ type: 'verdict', same: true, said }) });
  expect(text(stage)).toContain('the back-end behaves as in the recording');
  stage.close();
});

it('plays the connection of the message under the cursor, as it is asked for', () => {
  const stage = new Stage(`${captures}/reconnect.pcapng`, { width: 120, height: 40 });
  stage.press('S');
  expect(text(stage)).toMatch(/nobody has said how/);
  stage.model = { ...stage.model, replays: true };
  stage.press('/', '"epoch == 2 and GET_FEATURES"', 'enter', 'S', '"to /run/b.sock sl"');
  expect(text(stage)).toMatch(/\^ expected to, listen, step, speed, strict/);
  stage.press('backspace', 'backspace', '"st"');
  expect(text(stage)).toMatch(/step {2}wait for a key/);
  expect(text(stage)).not.toMatch(/\^ expected/);
  stage.press('tab', 'enter');
  const [{ pair }] = [rowUnderCursor(stage.model) ?? { pair: '' }];
  const asked = { side: 'front-end', socket: '/run/b.sock', step: true, strict: false };
  expect(stage.effects).toEqual([{ type: 'replay-start', order: { pair, session: 1, epoch: 2, ...asked } }]);
  expect(stage.model.focus).toBe('replay');
  stage.act({ type: 'replay', facts: replayOf() }).press('S');
  expect(text(stage)).toMatch(/a replay runs already/);
  stage.act({ type: 'replay', facts: { ...replayOf(), ended: true } }).press('x');
  expect(stage.model).toMatchObject({ focus: 'messages', side: 'detail' });
  expect(stage.model.replay).toBeUndefined();
  stage.close();
});

it.each([
  [
    'listen /run/a.sock speed 0.5 strict',
    { side: 'back-end', socket: '/run/a.sock', step: false, strict: true, speed: '0.5' },
  ],
  ['step to b', { side: 'front-end', socket: 'b', step: true, strict: false }],
  ['to', 'expected a path behind to at 2'],
  ['step', 'expected where the living side is: to SOCKET, or listen SOCKET at 4'],
  ['to a listen b', 'expected where the living side is: to SOCKET, or listen SOCKET at 13'],
  ['to a speed 0', 'expected a factor behind speed at 11'],
])('understands %s', (typed, wanted) => {
  const read = () => {
    try {
      return parseReplay(typed);
    } catch (error) {
      return `${(error as SyntaxProblem).message} at ${(error as SyntaxProblem).column}`;
    }
  };
  expect(read()).toEqual(wanted);
});

/** Quitting a viewer ends it well. */
async function quits(pty: Pty): Promise<void> {
  pty.type('q');
  expect((await pty.ended).status).toBe(0);
}

/** Leaves nothing behind, whatever became of the test. */
async function cleared(folder: string, ptys: readonly Pty[]): Promise<void> {
  for (const pty of ptys) {
    pty.process.kill('SIGKILL');
    await pty.ended;
    pty.close();
  }
  rmSync(folder, { recursive: true, force: true });
}

it('is the built program: one viewer plays the back-end for another that plays the front-end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-replay-'));
  const ptys = [0, 1].map(() => new Pty(['open', join(captures, 'blk.pcapng')], { width: 120, height: 40 }));
  const [back, front] = ptys as [Pty, Pty];
  try {
    for (const pty of ptys) await pty.until(/1 messages +\d+ .*\? keys/s);
    back.type(`:4\rSlisten ${join(folder, 'b.sock')}\r`);
    await back.until(/playing the back-end of .*, session 1\.1: 0 of \d+ messages.*listening at/s);
    front.type(`Sto ${join(folder, 'b.sock')}\r`);
    await front.until(/the back-end behaves as in the recording/);
    await back.until(/the front-end behaves as in the recording/);
    front.type('x');
    await front.until(/^(?!.*P replay).*9 compare/s);
    for (const pty of ptys) await quits(pty);
  } finally {
    await cleared(folder, ptys);
  }
});

it('is the built program: one terminal plays the front-end, another the back-end of the same recording', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-replay-'));
  const socket = join(folder, 'b.sock');
  const recording = join(captures, 'blk.pcapng');
  const ptys: Pty[] = [];
  const play = (...args: string[]): Pty => {
    ptys.push(new Pty(['replay', recording, ...args, '--tui']));
    return ptys.at(-1) as Pty;
  };
  try {
    const back = play('--listen', socket);
    await back.until(/listening at /);
    const front = play('--to', socket, '--step');
    await front.until(/waits before 4 GET_FEATURES: Enter says it/);
    front.type('\r');
    await front.until(/waits before 6 GET_PROTOCOL_FEATURES/);
    expect(front.screen).toMatch(/5 F←B = same/);
    for (let last = ''; !/behaves as in the recording/.test(front.screen); ) {
      const [, next = ''] = /waits before (\S+ \S+):/.exec(front.screen) ?? [];
      if (next !== '' && next !== last) front.type('\r');
      last = next;
      await new Promise(wake => setTimeout(wake, 30));
    }
    await back.until(/the front-end behaves as in the recording/);
    for (const pty of ptys) await quits(pty);
  } finally {
    await cleared(folder, ptys);
  }
});
