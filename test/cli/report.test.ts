import { describe, expect, it } from 'vitest';
import { capture, vhuscope } from './captured.ts';

describe('vhuscope report', () => {
  it('is plain and short, and about the connection that is asked for', async () => {
    const { code, stdout } = await vhuscope('report', `${capture('reconnect')}#1.2`);
    expect(code).toBe(0);
    expect(stdout.split('\n').length).toBeLessThanOrEqual(81);
    expect(stdout).toContain('connection 1.2 of 2');
    expect(stdout).toContain('vhuscope read FILE --session 1 --epoch 2\n');
  });

  it('hides what is private unless it is told otherwise', async () => {
    const hidden = await vhuscope('report', capture('fs'), '--json');
    expect(hidden.stdout).not.toContain('/tmp/');
    const shown = await vhuscope('report', capture('fs'), '--json', '--no-redact');
    const { peers } = JSON.parse(shown.stdout);
    expect(peers[0].command_line).toContain('path=/tmp/');
  });

  it.each([
    [[capture('fs'), '--epoch', '4'], 2, 'there is no such connection in'],
    [['/nonexistent.pcapng'], 1, 'cannot read /nonexistent.pcapng'],
  ])('says what is wrong with %j', async (args, status, words) => {
    const { code, stderr } = await vhuscope('report', ...args);
    expect({ code, stderr }).toEqual({ code: status, stderr: expect.stringContaining(words) });
  });
});
