/** The built program as a person uses it: keys in, screens out, and the terminal as it was when it ends. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Pty } from './pty.ts';

const root = resolve(import.meta.dirname, '../..');
const program = join(root, 'dist/cli/main.js');
const capture = (name: string): string => join(root, 'captures', `${name}.pcapng`);

const ptys: Pty[] = [];
function opened(args: readonly string[], options?: ConstructorParameters<typeof Pty>[1]): Pty {
  const pty = new Pty(args, options);
  ptys.push(pty);
  return pty;
}
afterEach(async () => {
  for (const pty of ptys.splice(0)) {
    pty.process.kill('SIGKILL');
    await pty.ended;
    pty.close();
  }
});

const enter = '\r';
/** Mouse reporting and brackets around pasted text are off, the cursor is seen: the last words about each say so. */
function expectSane({ output, isTakenOver }: Pty): void {
  expect(isTakenOver, 'the alternate screen is left').toBe(false);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that switch it
  expect(output.match(/\x1b\[\?1000[hl]/g)?.at(-1)).toBe('\x1b[?1000l');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that switch it
  expect(output.match(/\x1b\[\?25[hl]/g)?.at(-1)).toBe('\x1b[?25h');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences that switch it
  expect(output.match(/\x1b\[\?2004[hl]/g)?.at(-1)).toBe('\x1b[?2004l');
}

describe('open', () => {
  it('gives the terminal back though it is killed', async () => {
    const script =
      'was=$(stty -g); "$@"; until [ "$(stty -g)" = "$was" ]; do sleep 0.1; done; echo as it was; read -r _';
    const pty = opened(['open', capture('fs')], { script });
    await pty.until(/54 records/);
    const { pid } = pty.process;
    const [viewer = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    process.kill(Number(viewer), 'SIGKILL');
    await pty.until(/as it was/);
    expectSane(pty);
  });

  // Each start of the program takes its time, so one session shows what one session can.
  it('filters, goes to a reply, shows the state there, copies, takes no paste for keys, follows the size, and quits', async () => {
    const pty = opened(['open', capture('fs')]);
    await pty.until(/54 records/);
    pty.type('fGET_VRING_BASE');
    await pty.until(/4 of 54/);
    pty.type(enter);
    await pty.until(/ 44 +7\.8.*Tab pane/s);
    pty.type('r4');
    await pty.until(/after 45, session 1\.1/);
    pty.type('1\x1b');
    await pty.until(/1 messages {2}54 /);
    pty.type(':4');
    await pty.until(/do: 4/);
    pty.type(`${enter}2`);
    await pty.until(/asks which virtio features/);
    pty.type('yh');
    await pty.until(/copied the bytes of 4/);
    const [, copied = ''] = /\]52;c;([\w+/=]*)/.exec(pty.output) ?? [];
    expect(Buffer.from(copied, 'base64').toString()).toBe('010000000100000000000000');
    pty.type('\x1b[200~q\x1b[201~');
    await pty.until(/text can be pasted where one is typed/);
    pty.resize(60, 20);
    await pty.until(/^─ 2 detail 3 bytes /m);
    pty.type('q');
    expect(await pty.ended).toEqual({ status: 0, signal: 0 });
    await pty.drained();
    expectSane(pty);
  });

  it('gives the terminal back at a signal', async () => {
    const signals = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130 };
    const ends = Object.entries(signals).map(async ([signal, status]) => {
      const pty = opened(['open', capture('fs')]);
      await pty.until(/54 records/);
      pty.process.kill(signal);
      expect((await pty.ended).status, signal).toBe(status);
      await pty.drained();
      expectSane(pty);
    });
    await Promise.all(ends);
  });

  it('says on the plain screen why a file cannot be opened', async () => {
    const pty = opened(['open', join(root, 'package.json')]);
    expect((await pty.ended).status).toBe(1);
    await pty.drained();
    expectSane(pty);
    expect(pty.output).toMatch(/vhuscope: .*package\.json.*not a pcapng/);
  });

  it('refuses to draw where there is no terminal', async () => {
    const run = promisify(execFile)(process.execPath, [program, 'open', capture('fs')]);
    await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('needs a terminal') });
  });
});

it('demo opens the session that it records', async () => {
  const pty = opened(['demo']);
  await pty.until(/GET_PROTOCOL_FEATURES/);
  pty.type('q');
  expect((await pty.ended).status).toBe(0);
  expect(pty.output).toContain('look through it');
});

it('attach writes notes, and an engine survives its viewer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-attach-'));
  const env = { ...process.env, XDG_RUNTIME_DIR: folder };
  const sockets = [join(folder, 'front.sock'), join(folder, 'back.sock')];
  const engine = spawn(
    process.execPath,
    [program, 'proxy', ...sockets, '-w', join(folder, 'c.pcapng'), '--name', 'one'],
    {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const engineEnded = new Promise(done => engine.once('exit', done));
  try {
    await new Promise(said => engine.stderr.once('data', said));
    const pty = opened(['attach', 'one'], { env: { XDG_RUNTIME_DIR: folder } });
    await pty.until(/live.*recording of front started/s);
    pty.type('chere it hangs');
    await pty.until(/note: here it hangs/);
    pty.type(enter);
    await pty.until(/note on 2 by .*: here it hangs/);
    pty.process.kill('SIGKILL');
    await pty.ended;
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'ctl', 'status', '-n', 'one', '--json'], {
      env,
    });
    // It started, nobody listened at the back-end's socket, and the note.
    expect(JSON.parse(stdout)).toMatchObject({ name: 'one', counts: { records: 3 } });
  } finally {
    engine.kill();
    await engineEnded;
    rmSync(folder, { recursive: true, force: true });
  }
});
