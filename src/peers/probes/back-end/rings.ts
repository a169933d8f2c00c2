/** The life of a ring, and what must not be asked of it. */
import { attempt, attemptAcknowledged, type Probe } from '../../probe.ts';
import { perRing, script, send } from '../../script.ts';
import { smallMemory } from '../../traits.ts';
import { negotiated, offers, ringSetUp, ringStarts, running, sharing } from './stages.ts';

const states = 'Ring states';
const ring = { index: 0 } as const;
/** A ring that no back-end here has. */
const absent = { index: 200 } as const;
const user = smallMemory.userAddress;
/** Addresses that lie nowhere. */
const nowhere = 0x10_0000_0000;

/** Probes about rings. */
export const rings: readonly Probe[] = [
  {
    id: 'ring-starts',
    title: 'a ring set up and started in the order of QEMU: NUM, BASE, ADDR, KICK, ENABLE',
    ...{ spec: states, nature: 'right', before: script(sharing, ringSetUp(0), ringStarts(0)) },
    sends: [attempt('GET_FEATURES')],
  },
  {
    id: 'ring-stops',
    title: 'GET_VRING_BASE of a ring that runs',
    ...{ spec: 'VHOST_USER_GET_VRING_BASE', nature: 'right', before: running },
    sends: [attempt('GET_VRING_BASE', ring)],
  },
  {
    id: 'ring-starts-again',
    title: 'a ring stopped and started again on the same connection',
    ...{ spec: states, nature: 'right' },
    before: script(running, send('GET_VRING_BASE', ring), ringSetUp(0), ringStarts(0)),
    sends: [attempt('GET_VRING_BASE', ring)],
  },
  {
    id: 'ring-in-another-order',
    title: 'a ring set up in another order: CALL, ADDR, BASE, NUM, KICK',
    ...{ spec: states, nature: 'open' },
    before: script(
      sharing,
      ['SET_VRING_CALL', 'SET_VRING_ADDR', 'SET_VRING_BASE', 'SET_VRING_NUM'].map(name => send(name, ring)),
      ringStarts(0),
    ),
    sends: [attempt('GET_VRING_BASE', ring)],
  },
  {
    id: 'ring-switched',
    title: 'SET_VRING_ENABLE 0 and 1 while the ring is started',
    ...{ spec: 'VHOST_USER_SET_VRING_ENABLE', nature: 'right', needs: offers.protocolFeatures, before: running },
    sends: [send('SET_VRING_ENABLE', { index: 0, num: 0 }), attemptAcknowledged('SET_VRING_ENABLE', ring)],
  },
  {
    id: 'two-rings',
    title: 'two rings set up together, stopped in the opposite order',
    ...{ spec: states, nature: 'right', before: sharing },
    sends: script(
      perRing(2, ringSetUp),
      perRing(2, ringStarts),
      attempt('GET_VRING_BASE', { index: 1 }),
      attempt('GET_VRING_BASE', ring),
    ),
    // A device may have a single ring.
    but: { closes: 'allowed' },
  },
  {
    id: 'call-changed-while-running',
    title: 'another SET_VRING_CALL while the ring runs, as a guest does that masks interrupts',
    ...{ spec: 'VHOST_USER_SET_VRING_CALL', nature: 'right', before: running },
    sends: [attemptAcknowledged('SET_VRING_CALL', ring, { fds: [{ event: 'another call' }] })],
  },
  {
    id: 'call-without-interrupts',
    title: 'SET_VRING_CALL with the bit for "no descriptor": the guest polls',
    ...{ spec: 'VHOST_USER_SET_VRING_CALL', nature: 'right', before: running },
    sends: [attemptAcknowledged('SET_VRING_CALL', { index: 0, nofd: true })],
  },
  {
    id: 'kick-without-descriptor',
    title: 'SET_VRING_KICK with the bit for "no descriptor": the back-end should poll',
    ...{ spec: 'VHOST_USER_SET_VRING_KICK', nature: 'open', breaks: ['RNG-24'] },
    before: script(sharing, ringSetUp(0)),
    sends: [attemptAcknowledged('SET_VRING_KICK', { index: 0, nofd: true })],
  },
  {
    id: 'err',
    title: 'SET_VRING_ERR',
    ...{ spec: 'VHOST_USER_SET_VRING_ERR', nature: 'right', before: running },
    sends: [attemptAcknowledged('SET_VRING_ERR', ring)],
  },
  {
    id: 'base-of-stopped-ring',
    title: 'GET_VRING_BASE of a ring that was never started',
    ...{ spec: 'VHOST_USER_GET_VRING_BASE', nature: 'open', breaks: ['RNG-12'] },
    ...{ before: script(sharing, ringSetUp(0)), sends: [attempt('GET_VRING_BASE', ring)] },
  },
  {
    id: 'num-0',
    title: 'a ring of 0 descriptors',
    ...{ spec: 'VHOST_USER_SET_VRING_NUM', nature: 'wrong', breaks: ['RNG-02'] },
    ...{ before: sharing, sends: [attemptAcknowledged('SET_VRING_NUM', { index: 0, num: 0 })] },
  },
  {
    id: 'num-no-power-of-two',
    title: 'a split ring of 100 descriptors',
    ...{ spec: 'VHOST_USER_SET_VRING_NUM', nature: 'wrong', breaks: ['RNG-02'] },
    ...{ before: sharing, sends: [attemptAcknowledged('SET_VRING_NUM', { index: 0, num: 100 })] },
  },
  {
    id: 'num-65536',
    title: 'a ring of 65536 descriptors',
    ...{ spec: 'VHOST_USER_SET_VRING_NUM', nature: 'wrong', breaks: ['RNG-02'] },
    ...{ before: sharing, sends: [attemptAcknowledged('SET_VRING_NUM', { index: 0, num: 65_536 })] },
  },
  {
    id: 'base-high-bits',
    title: 'a base of a split ring with bits above 15',
    ...{ spec: 'VHOST_USER_SET_VRING_BASE', nature: 'wrong', breaks: ['RNG-03'] },
    ...{ before: sharing, sends: [attemptAcknowledged('SET_VRING_BASE', { index: 0, num: 0x7_0000 })] },
  },
  {
    id: 'num-of-absent-ring',
    title: 'SET_VRING_NUM of ring 200',
    ...{ spec: 'VHOST_USER_SET_VRING_NUM', nature: 'wrong', breaks: ['RNG-01'] },
    before: script(negotiated, send('GET_QUEUE_NUM')),
    needs: ['protocol', 'MQ'],
    sends: [attemptAcknowledged('SET_VRING_NUM', absent)],
  },
  {
    id: 'call-of-absent-ring',
    title: 'SET_VRING_CALL of ring 200',
    ...{ spec: 'VHOST_USER_SET_VRING_CALL', nature: 'wrong', breaks: ['RNG-01'] },
    before: script(negotiated, send('GET_QUEUE_NUM')),
    needs: ['protocol', 'MQ'],
    sends: [attemptAcknowledged('SET_VRING_CALL', absent)],
  },
  {
    id: 'enable-of-absent-ring',
    title: 'SET_VRING_ENABLE of ring 200',
    ...{ spec: 'VHOST_USER_SET_VRING_ENABLE', nature: 'wrong', breaks: ['RNG-01'] },
    before: script(negotiated, send('GET_QUEUE_NUM')),
    needs: ['all', [offers.protocolFeatures, ['protocol', 'MQ']]],
    sends: [attemptAcknowledged('SET_VRING_ENABLE', absent)],
  },
  {
    id: 'num-of-ring-4-billion',
    title: 'SET_VRING_NUM of ring 0xffffffff',
    ...{ spec: 'VHOST_USER_SET_VRING_NUM', nature: 'wrong', breaks: ['RNG-01'] },
    before: script(negotiated, send('GET_QUEUE_NUM')),
    needs: ['protocol', 'MQ'],
    sends: [attemptAcknowledged('SET_VRING_NUM', { index: 0xffff_ffff })],
  },
  {
    id: 'addr-without-memory',
    title: 'SET_VRING_ADDR before any memory is shared',
    ...{ spec: 'Memory access', nature: 'wrong', breaks: ['MEM-13'] },
    before: script(negotiated, send('SET_VRING_NUM', ring), send('SET_VRING_BASE', ring)),
    sends: [attemptAcknowledged('SET_VRING_ADDR', ring)],
  },
  {
    id: 'addr-outside-memory',
    title: 'SET_VRING_ADDR with addresses outside the memory, then SET_VRING_KICK',
    ...{ spec: 'VHOST_USER_SET_VRING_ADDR', nature: 'wrong', breaks: ['RNG-06'] },
    before: script(sharing, send('SET_VRING_NUM', ring), send('SET_VRING_BASE', ring)),
    sends: [
      attemptAcknowledged('SET_VRING_ADDR', {
        ...{ index: 0, descriptor: user + nowhere, available: user + nowhere + 0x800, used: user + nowhere + 0x1000 },
      }),
      attemptAcknowledged('SET_VRING_KICK', ring),
    ],
  },
  {
    id: 'addr-misaligned',
    title: 'SET_VRING_ADDR with odd addresses',
    ...{ spec: 'VHOST_USER_SET_VRING_ADDR', nature: 'wrong', breaks: ['RNG-05'] },
    before: script(sharing, send('SET_VRING_NUM', ring), send('SET_VRING_BASE', ring)),
    sends: [
      attemptAcknowledged('SET_VRING_ADDR', {
        ...{ index: 0, descriptor: user + 0x1001, available: user + 0x1801, used: user + 0x2001 },
      }),
    ],
  },
  {
    id: 'kick-before-set-up',
    title: 'SET_VRING_KICK before NUM, BASE and ADDR',
    ...{ spec: states, nature: 'wrong', breaks: ['RNG-10'] },
    ...{ before: sharing, sends: [attemptAcknowledged('SET_VRING_KICK', ring)] },
  },
  {
    id: 'num-while-running',
    title: 'SET_VRING_NUM while the ring runs',
    ...{ spec: states, nature: 'wrong', breaks: ['RNG-11'] },
    ...{ before: running, sends: [attemptAcknowledged('SET_VRING_NUM', { index: 0, num: 32 })] },
  },
  {
    id: 'base-while-running',
    title: 'SET_VRING_BASE while the ring runs',
    ...{ spec: states, nature: 'wrong', breaks: ['RNG-11'] },
    ...{ before: running, sends: [attemptAcknowledged('SET_VRING_BASE', { index: 0, num: 5 })] },
  },
  {
    id: 'enable-2',
    title: 'SET_VRING_ENABLE with 2',
    ...{ spec: 'VHOST_USER_SET_VRING_ENABLE', nature: 'wrong', breaks: ['RNG-16'], needs: offers.protocolFeatures },
    ...{ before: running, sends: [attemptAcknowledged('SET_VRING_ENABLE', { index: 0, num: 2 })] },
  },
];
