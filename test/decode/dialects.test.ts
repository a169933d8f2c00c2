import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/decode/check/rule.ts';
import { dialectOfProgram, habits, habitsOf, weigh } from '../../src/decode/dialects.ts';
import { stepsOf } from './recording.ts';

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
