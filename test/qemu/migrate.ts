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

/**
 * Moves a guest whose memory follows it page by page, and ends both QEMUs, whatever came of it: what crossed the
 * vhost-user socket of the destination is all that counts. The stream goes through a socket, since pages are asked for.
 */
export async function migratePostcopy(source: string, destination: string, stream: string): Promise<void> {
  const [from, to] = [await Qmp.connect(source), await Qmp.connect(destination)];
  const capabilities = { capabilities: [{ capability: 'postcopy-ram', state: true }] };
  for (const qmp of [from, to]) await qmp.execute('migrate-set-capabilities', capabilities);
  await to.execute('migrate-incoming', { uri: `unix:${stream}` });
  // So slow that memory is left for afterwards.
  await from.execute('migrate-set-parameters', { 'max-bandwidth': 2 << 20 });
  await from.execute('migrate', { uri: `unix:${stream}` });
  await from.until('query-migrate', answer => answer.status === 'active');
  await from.execute('migrate-start-postcopy');
  await from.until('query-migrate', ({ status }) => ['completed', 'failed', 'postcopy-paused'].includes(`${status}`));
  for (const qmp of [from, to]) {
    await qmp.execute('quit').catch(() => {});
    qmp.close();
  }
}
