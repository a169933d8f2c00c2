import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const program = resolve('dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'vhuscope-conformance-'));
const socket = join(folder, 'peer.sock');

/** A back-end that serves as many connections as it is told, and then ends; or crashes at each. */
const peer = join(folder, 'peer.mjs');
writeFileSync(
  peer,
  `import { startPeer } from ${JSON.stringify(resolve('dist/peers/start.js'))};
import { untilClosed } from ${JSON.stringify(resolve('dist/peers/script.js'))};
import { blockBackEnd } from ${JSON.stringify(resolve('dist/peers/traits.js'))};
const running = startPeer({ side: 'back-end', socket: 'listen', address: { path: ${JSON.stringify(socket)} },
  traits: blockBackEnd(), patience: 20000, scripts: [[untilClosed()]] });
await running.ended;
if (process.argv[2] === 'crash') process.kill(process.pid, 'SIGSEGV');
`,
);

function check(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'check', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
const started = (how = 'end') => ['--', process.execPath, peer, how];
const few = ['--probe', 'features-first', '--probe', 'ring-stops', '--probe', 'mtu'];

describe('vhuscope check --back-end', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  it('starts a back-end anew for each probe and tells what it does', () => {
    const { status, stdout, stderr } = check('--back-end', socket, ...few, ...started());
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^virtio features: LOG_ALL\|PROTOCOL_FEATURES\|VERSION_1\|0x240$/m);
    expect(stdout).toMatch(/^ {2}pass +features-first +answers$/m);
    expect(stdout).toMatch(/^ {2}pass +ring-stops +answers$/m);
    expect(stdout).toMatch(/^ {2}skipped +mtu/m);
    expect(stdout).toMatch(/^3 probes: 2 as the specification wants, 1 skipped, not offered$/m);
  });

  it('reports as JSON, and ends with status 1 where the process crashes', () => {
    const { status, stdout } = check('--back-end', socket, '--json', ...few, ...started('crash'));
    expect(status).toBe(1);
    const { side, offers, results } = JSON.parse(stdout);
    expect([side, offers.queues]).toEqual(['back-end', 1]);
    expect(results.map((one: { probe: string; verdict: string }) => [one.probe, one.verdict])).toEqual([
      ['features-first', 'death'],
      ['ring-stops', 'death'],
      ['mtu', 'skipped'],
    ]);
    expect(results[0]).toMatchObject({ reaction: 'dies', exit: { signal: 'SIGSEGV' } });
  });

  it.each([
    [['--back-end', socket, '--front-end', socket], 2, 'choose one of --back-end and --front-end'],
    [['--back-end', socket, '--probe', 'nix'], 2, "there is no probe 'nix' of a back-end"],
    [['--back-end', 'fd:3'], 2, 'each probe needs a connection of its own'],
    [['--back-end', socket, '--', '/no/such/program'], 1, "cannot start '/no/such/program': no such command"],
    [['--back-end', socket, '--', 'false'], 1, "'false' ended with status 1 before it served anybody"],
  ])('%j ends with status %d', (args, status, complaint) => {
    const ended = check(...args);
    expect(ended.stderr).toContain(complaint);
    expect(ended.status).toBe(status);
  });
});
