import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Presence } from '../../src/proxy/presence.ts';
import { close } from '../../src/sys/libc.ts';
import { bindTo, openSocket, startListening } from '../../src/sys/socket.ts';
import { receptionAt } from '../../src/sys/unix-table.ts';

vi.mock(import('../../src/sys/unix-table.ts'), async original => {
  const real = await original();
  return { ...real, receptionAt: vi.fn(real.receptionAt) };
});

const folder = mkdtempSync(join(tmpdir(), 'vhuscope-presence-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('presence of a listener', () => {
  it('is not looked for each time another file of the folder grows, and still noticed afterwards', async () => {
    const address = { path: join(folder, 'back.sock') };
    let presence: Presence | undefined;
    const noticed = new Promise<void>(resolve => {
      presence = new Presence(address, resolve);
    });
    const looks = vi.mocked(receptionAt).mock.calls;
    const since = performance.now();
    const before = looks.length;
    for (let i = 0; i < 300; i++) {
      appendFileSync(join(folder, 'capture.pcapng'), 'x');
      await turn();
    }
    // The usual look every 100 ms goes on.
    expect(looks.length - before).toBeLessThanOrEqual((performance.now() - since) / 100 + 1);

    const listener = openSocket();
    bindTo(listener, address);
    startListening(listener);
    await noticed;
    expect(presence?.present).toBe(true);
    presence?.close();
    close(listener);
  });
});
