/** How often a program under examination is started, and what its end means. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Subject } from '../../src/peers/subject.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vhuscope-subject-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const starts = (): number => {
  const file = join(folder, 'starts');
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0;
};
/** A program that counts its starts, says something and ends with status 3. */
const ending = (): string[] => ['sh', '-c', `printf . >>${join(folder, 'starts')}; echo no device >&2; exit 3`];

async function untilOver(subject: Subject): Promise<void> {
  while (!subject.over) await sleep(5);
}

describe('a program that listens', () => {
  it('is started again when it has ended, and given up after three starts in vain', async () => {
    const subject = new Subject(ending(), { path: join(folder, 'socket') });
    subject.start();
    await untilOver(subject);
    expect(starts()).toBe(3);
    expect(subject.failure?.message).toBe("'sh' ended with status 3 before it served anybody\n  no device");
    expect(() => subject.start()).toThrow(/served anybody/);
  });
});

describe('a program that connects', () => {
  it('is started once for each connection: its end is its answer', async () => {
    const subject = new Subject(ending());
    for (const time of [1, 2, 3, 4]) {
      subject.start();
      await untilOver(subject);
      subject.served();
      expect(await subject.settle(true)).toEqual({ status: 3, signal: null });
      expect(subject.takeOutput(3)).toEqual(['no device']);
      await subject.stop();
      expect(starts()).toBe(time);
    }
  });

  it('that ends without a connection says why', async () => {
    const subject = new Subject(ending());
    subject.start();
    expect(subject.failure).toBeUndefined();
    await untilOver(subject);
    expect(subject.failure?.message).toBe("'sh' ended with status 3 before it connected\n  no device");
  });
});
