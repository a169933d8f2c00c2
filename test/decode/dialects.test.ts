import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/decode/check/rule.ts';
import { dialectOfProgram, habits, habitsOf, weigh } from '../../src/decode/dialects.ts';
import type { Direction, Frame } from '../../src/decode/frame.ts';
import { decodeFrame } from '../../src/decode/message.ts';
import { fold, newSession } from '../../src/decode/session/session.ts';

/** Steps of a recording: `>` from the front-end, `<` from the back-end, hex. */
function stepsOf(lines: readonly string[]): Step[] {
  let session = newSession;
  return lines.map((line, i) => {
    const bytes = Uint8Array.from(Buffer.from(line.slice(2).replaceAll(' ', ''), 'hex'));
    const dir: Direction = line.startsWith('>') ? 'front-to-back' : 'back-to-front';
    const frame: Frame = {
      n: i + 1,
      kind: 'message',
      pair: 'p',
      channel: 'main',
      dir,
      session: 1,
      epoch: 1,
      wallNs: 0n,
      receivedNs: 0n,
      sentNs: 0n,
      bytes,
      wireLength: bytes.length,
      offset: 0,
      fds: [],
      context: {},
    };
    const message = decodeFrame(frame);
    const before = session;
    session = fold(before, frame, message);
    return {
      frame,
      message,
      before,
      after: session,
      previous: undefined,
      request: undefined,
      waiting: [],
      fromStart: true,
    };
  });
}

const evidenceIn = (lines: readonly string[]) =>
  stepsOf(lines).flatMap(step => habitsOf(step, new Set()).map(({ evidence }) => evidence));

describe('habits on the wire', () => {
  it('tell a QEMU front-end', () => {
    const found = evidenceIn([
      '> 01000000 01000000 00000000',
      '< 01000000 05000000 08000000 0000007501000000',
      '> 03000000 01000000 00000000',
      '> 01000000 01000000 00000000',
    ]);
    expect(weigh(found, 'front-end')).toMatchObject({ dialect: 'qemu', evidence: [{ n: 4 }] });
    expect(weigh(found, 'back-end')).toBeUndefined();
  });

  it.each([
    ['dpdk', '< 06000000 05000000 00000000'],
    ['libvhost-user', '< 06000000 05000000 08000000 0000080000000000'],
    ['rust-vmm', '< 06000000 05000000 10000000 0000080000000000 0000000000000000'],
    ['libvhost-user', '< 01000000 0d000000 08000000 0000000000000000'],
  ])('tell a %s back-end', (dialect, line) => {
    expect(weigh(evidenceIn([line]), 'back-end')?.dialect).toBe(dialect);
  });

  it('count once', () => {
    const [step] = stepsOf(['< 06000000 05000000 00000000']);
    expect(habitsOf(step as Step, new Set(habits))).toEqual([]);
  });
});

describe('programs', () => {
  it.each([
    ['front-end', '/usr/bin/qemu-system-x86_64', 'qemu'],
    ['back-end', '/usr/bin/qemu-storage-daemon', 'qemu-storage-daemon'],
    ['back-end', '/usr/bin/dpdk-testpmd', 'dpdk'],
    ['front-end', '/usr/bin/dpdk-testpmd', 'dpdk'],
    ['back-end', '/usr/libexec/virtiofsd', undefined],
    ['back-end', '/usr/bin/qemu-system-x86_64', undefined],
  ] as const)('%s %s is %s', (side, executable, dialect) => {
    expect(dialectOfProgram(side, executable, 1)?.dialect).toBe(dialect);
  });

  it('outweigh one habit', () => {
    const program = dialectOfProgram('back-end', '/usr/bin/vhost-device-vsock', 1);
    const [habit] = evidenceIn(['< 06000000 05000000 08000000 0000080000000000']);
    expect(weigh([habit!, program!], 'back-end')?.dialect).toBe('rust-vmm');
  });
});
