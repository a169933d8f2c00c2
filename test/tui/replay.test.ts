/** A replay beside its recording: what it tells, and what keys do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { textOf } from '../../src/tui/frame.ts';
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
    for (const pty of ptys) {
      pty.type('q');
      expect((await pty.ended).status).toBe(0);
    }
  } finally {
    for (const pty of ptys) {
      pty.process.kill('SIGKILL');
      await pty.ended;
      pty.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }
});
