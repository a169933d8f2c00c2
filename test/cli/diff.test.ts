import { describe, expect, it } from 'vitest';
import { capture, vhuscope } from './captured.ts';

describe('vhuscope diff', () => {
  it('says that two recordings are the same', async () => {
    const { code, stdout } = await vhuscope('diff', capture('fs'), capture('fs'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^--- a: .*fs\.pcapng#1\.1, fs, 43 messages\n\+\+\+ b: /);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('the same negotiation, in the same order, with the same end');
  });

  it('puts two epochs of one capture next to each other', async () => {
    const { code, stdout } = await vhuscope('diff', capture('reconnect'), '--epochs', '1,2');
    expect(code).toBe(1);
    expect(stdout).toContain('reconnect.pcapng#1.1, blk, 39 messages');
    expect(stdout).toContain('\n~ closed by: back-end (eof) → front-end (eof)\n');
    expect(stdout).toContain('-     20         GET_CONFIG\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no colours in a pipe
    expect(stdout).not.toMatch(/\x1b/);
  });

  it('takes connections by name, and prints columns or JSON', async () => {
    const both = [`${capture('reconnect')}#1.2`, capture('blk')];
    const columns = await vhuscope('diff', ...both, '--side-by-side', '--color', 'always');
    expect(columns.stdout).toContain('\x1b[31m');
    const { stdout } = await vhuscope('diff', ...both, '--json');
    const compared = JSON.parse(stdout);
    expect(compared).toMatchObject({ same: false, a: expect.stringContaining('#1.2, blk') });
    expect(compared.aspects.find((one: { id: string }) => one.id === 'virtio_features').different).toEqual([]);
  });

  it.each([
    [['--epochs', '1'], 2, "expected two numbers such as 1,2, not '1'"],
    [[], 2, 'name a second capture'],
    [['--epochs', '1,7'], 2, 'there is no such connection in'],
    [['/nonexistent.pcapng'], 1, 'cannot read /nonexistent.pcapng'],
    [['x', '--side-by-side', '--unified'], 2, 'choose one of'],
  ])('says what is wrong with %j', async (args, status, words) => {
    const { code, stderr } = await vhuscope('diff', capture('fs'), ...args);
    expect({ code, stderr }).toEqual({ code: status, stderr: expect.stringContaining(words) });
  });
});
