import { afterEach, expect, it } from 'vitest';
import { keep } from '../corpus.ts';
import { Pair } from '../pair.ts';
import { netVhost, virtioUser } from '../peers.ts';
import { stopAll } from '../programs.ts';

afterEach(stopAll);

const roles = [
  ['back-end listens', {}, {}],
  ['front-end listens', { listens: true }, { connects: true }],
] as const;

it.each(roles)('DPDK virtio-user and net_vhost exchange packets without a VM: %s', async (who, front, back) => {
  const pair = new Pair(`virtio-user-${who.split('-')[0]}`, { roles: who });
  const startBackEnd = () => pair.start('back-end', netVhost([pair.backSocket], { ...back, forward: 'macswap' }));
  const startFrontEnd = () => pair.start('front-end', virtioUser(pair.frontSocket, front));
  const frontEnd = await inOrder(pair, who, startFrontEnd, startBackEnd);
  await frontEnd.prints(/RX-packets: +[1-9]/);
  expect(await frontEnd.stop()).toBe(0);
  expect(await pair.settled()).toEqual([]);
  expect(['SET_MEM_TABLE', 'SET_STATUS', 'SET_VRING_KICK'].filter(name => !pair.captured(name))).toEqual([]);
  keep(pair, who === 'back-end listens' ? 'virtio-user' : 'virtio-user-listens', [
    `DPDK on both sides: virtio-user and net_vhost, the ${who}`,
    'A front-end that is no hypervisor: testpmd sends packets from its own memory. The order of messages differs from',
    'that of QEMU.',
  ]);
});

/** Starts the listening peer, the proxy, then the other one; returns the front-end. */
async function inOrder<T>(pair: Pair, who: string, frontEnd: () => Promise<T>, backEnd: () => Promise<T>): Promise<T> {
  if (who === 'back-end listens') {
    await backEnd();
    await pair.startProxy();
    return frontEnd();
  }
  const started = await frontEnd();
  await pair.startProxy();
  await backEnd();
  return started;
}
