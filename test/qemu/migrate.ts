/** Moves a running guest from one QEMU to another. */
import { expect } from 'vitest';
import { run } from './programs.ts';
import { Qmp } from './qmp.ts';

/** Pre-copy through a named pipe, which keeps pages of guest memory out of the traces of the sockets; then ends the source. */
export async function migrate(source: string, destination: string, pipe: string): Promise<void> {
  run('mkfifo', [pipe]);
  const [from, to] = [await Qmp.connect(source), await Qmp.connect(destination)];
  await to.execute('migrate-incoming', { uri: `exec:exec cat ${pipe}` });
  await from.execute('migrate', { uri: `exec:exec cat >${pipe}` });
  const ended = (answer: Record<string, unknown>) => ['completed', 'failed'].includes(`${answer.status}`);
  expect(await from.until('query-migrate', ended)).toMatchObject({ status: 'completed' });
  await to.until('query-status', answer => answer.status === 'running');
  await from.execute('quit').catch(() => {});
  from.close();
  to.close();
}
