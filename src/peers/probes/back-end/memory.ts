/** Guest memory: tables, regions, limits. */
import { attempt, attemptAcknowledged, type Probe } from '../../probe.ts';
import { script, send, when } from '../../script.ts';
import { bare, guestMemory, negotiated, offers, page, part, ringSetUp, ringStarts, sharing } from './stages.ts';

const description = 'Memory region description';
const half = 1 << 20;
const top = 1n << 64n;
const several = (count: number) => Array.from({ length: count }, (_, i) => part(i * page, page));
const descriptors = (count: number) => Array.from({ length: count }, () => guestMemory);

/** Ring 0 runs in memory that was shared as a table. */
const runningWithTable = script(bare, send('SET_MEM_TABLE'), ringSetUp(0), ringStarts(0));

/** Slots that no back-end has. */
const tooMany = 512;

/** Probes about guest memory. */
export const memory: readonly Probe[] = [
  {
    id: 'table',
    title: 'SET_MEM_TABLE with one region',
    ...{ spec: 'VHOST_USER_SET_MEM_TABLE', nature: 'right' },
    ...{ before: bare, sends: [attemptAcknowledged('SET_MEM_TABLE')] },
  },
  {
    id: 'table-of-8',
    title: 'SET_MEM_TABLE with 8 regions, the most that the text allows',
    ...{ spec: 'VHOST_USER_SET_MEM_TABLE', nature: 'right', before: bare },
    sends: [attemptAcknowledged('SET_MEM_TABLE', { regions: several(8) }, { fds: descriptors(8) })],
  },
  {
    id: 'table-replaced',
    title: 'a second SET_MEM_TABLE, which replaces the first while a ring runs',
    ...{ spec: 'VHOST_USER_SET_MEM_TABLE', nature: 'right', breaks: ['MEM-14'] },
    ...{ before: runningWithTable, sends: [attemptAcknowledged('SET_MEM_TABLE')] },
  },
  {
    id: 'table-of-9',
    title: 'SET_MEM_TABLE with 9 regions',
    ...{ spec: 'VHOST_USER_SET_MEM_TABLE', nature: 'wrong', breaks: ['MEM-01', 'FRM-12'] },
    before: bare,
    sends: [attemptAcknowledged('SET_MEM_TABLE', { regions: several(9) }, { fds: descriptors(9) })],
  },
  {
    id: 'table-despite-slots',
    title: 'SET_MEM_TABLE although CONFIGURE_MEM_SLOTS is negotiated',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'open', breaks: ['GAT-14'], needs: offers.slots },
    ...{ before: negotiated, sends: [attemptAcknowledged('SET_MEM_TABLE')] },
  },
  {
    id: 'table-fewer-descriptors',
    title: 'SET_MEM_TABLE with two regions and one descriptor',
    ...{ spec: 'VHOST_USER_SET_MEM_TABLE', nature: 'wrong', breaks: ['FD-01'] },
    before: bare,
    sends: [attemptAcknowledged('SET_MEM_TABLE', { regions: several(2) }, { fds: [guestMemory] })],
  },
  {
    id: 'table-short',
    title: 'SET_MEM_TABLE that says two regions and contains one',
    ...{ spec: 'VHOST_USER_SET_MEM_TABLE', nature: 'wrong', breaks: ['SIZ-01'] },
    before: bare,
    sends: [
      attemptAcknowledged(
        'SET_MEM_TABLE',
        { num_regions: 2, regions: several(1) },
        { fds: descriptors(1), length: 40 },
      ),
    ],
  },
  {
    id: 'slots',
    title: 'GET_MAX_MEM_SLOTS',
    ...{ spec: 'VHOST_USER_GET_MAX_MEM_SLOTS', nature: 'right', needs: offers.slots },
    ...{ before: negotiated, sends: [attempt('GET_MAX_MEM_SLOTS')] },
  },
  {
    id: 'add-region',
    title: 'ADD_MEM_REG',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'right', needs: offers.slots },
    ...{ before: negotiated, sends: [attemptAcknowledged('ADD_MEM_REG')] },
  },
  {
    id: 'add-8-regions',
    title: 'ADD_MEM_REG eight times',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'right', needs: offers.slots, before: negotiated },
    sends: several(8).map(region => attemptAcknowledged('ADD_MEM_REG', { region }, { fds: [guestMemory] })),
  },
  {
    id: 'remove-region',
    title: 'REM_MEM_REG of the region that was added',
    ...{ spec: 'VHOST_USER_REM_MEM_REG', nature: 'right', needs: offers.slots },
    ...{ before: sharing, sends: [attemptAcknowledged('REM_MEM_REG')] },
  },
  {
    id: 'remove-region-with-descriptor',
    title: 'REM_MEM_REG with a descriptor, which the back-end must tolerate and close',
    ...{ spec: 'VHOST_USER_REM_MEM_REG', nature: 'right', needs: offers.slots },
    ...{ before: sharing, sends: [attemptAcknowledged('REM_MEM_REG', {}, { fds: [guestMemory] })] },
  },
  {
    id: 'region-added-again',
    title: 'a region removed and added again',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'right', needs: offers.slots },
    ...{ before: script(sharing, send('REM_MEM_REG')), sends: [attemptAcknowledged('ADD_MEM_REG')] },
  },
  {
    id: 'region-twice',
    title: 'ADD_MEM_REG of a region that is in force',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'wrong', breaks: ['MEM-08'], needs: offers.slots },
    ...{ before: sharing, sends: [attemptAcknowledged('ADD_MEM_REG')] },
  },
  {
    id: 'region-unknown',
    title: 'REM_MEM_REG of a region that was never added',
    ...{ spec: 'VHOST_USER_REM_MEM_REG', nature: 'wrong', breaks: ['MEM-09'], needs: offers.slots, before: sharing },
    sends: [attemptAcknowledged('REM_MEM_REG', { region: part(1 << 30, page, { mmap_offset: 0 }) })],
  },
  {
    id: 'too-many-regions',
    title: `ADD_MEM_REG ${tooMany} times, more than any back-end says it can hold`,
    ...{ spec: 'VHOST_USER_GET_MAX_MEM_SLOTS', nature: 'wrong', breaks: ['MEM-10'], needs: offers.slots },
    before: script(negotiated, send('GET_MAX_MEM_SLOTS')),
    sends: several(tooMany).map(region => attemptAcknowledged('ADD_MEM_REG', { region }, { fds: [guestMemory] })),
  },
  {
    id: 'add-without-descriptor',
    title: 'ADD_MEM_REG without a descriptor',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'wrong', breaks: ['FD-01'], needs: offers.slots },
    ...{ before: negotiated, sends: [attemptAcknowledged('ADD_MEM_REG', {}, { fds: [] })] },
  },
  {
    id: 'add-short',
    title: 'ADD_MEM_REG of 36 bytes, as QEMU before 5.2 sent it',
    ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'wrong', breaks: ['SIZ-01'], needs: offers.slots },
    ...{ before: negotiated, sends: [attemptAcknowledged('ADD_MEM_REG', {}, { length: 36 })] },
  },
  ...(
    [
      {
        ...{ id: 'region-empty', title: 'a region of 0 bytes', breaks: ['MEM-02'] },
        regions: [part(0, 0)],
      },
      {
        ...{ id: 'region-wraps', title: 'a region that wraps around the end of the address space', breaks: ['MEM-02'] },
        regions: [part(0, half, { guest_address: top - 4096n, mmap_offset: 0 })],
      },
      {
        ...{ id: 'regions-overlap', title: 'two regions with the same guest addresses', breaks: ['MEM-03'] },
        regions: [part(0, half), part(half, half, { guest_address: half / 2 })],
      },
      {
        ...{ id: 'regions-overlap-in-user-space', breaks: ['MEM-04'] },
        title: 'two regions with the same addresses of the front-end',
        regions: [part(0, half), { ...part(half, half), user_address: part(0, half).user_address ?? 0 }],
      },
      {
        ...{ id: 'region-beyond-memory', breaks: ['MEM-05'] },
        title: 'a region that reaches beyond the end of its descriptor',
        regions: [part(half, 2 * half)],
      },
      {
        ...{ id: 'region-unaligned', title: 'a region that begins in the middle of a page', breaks: ['MEM-06'] },
        regions: [part(0x1200, half)],
      },
    ] as const
  ).map(
    ({ id, title, breaks, regions }): Probe => ({
      ...{ id, title, spec: description, nature: id === 'region-unaligned' ? 'open' : 'wrong', breaks },
      before: negotiated,
      // By table where there are no slots, else one by one: the last is the one to judge.
      sends: [
        when(
          offers.slots,
          regions.map(region => attemptAcknowledged('ADD_MEM_REG', { region }, { fds: [guestMemory] })),
          attemptAcknowledged('SET_MEM_TABLE', { regions: [...regions] }, { fds: descriptors(regions.length) }),
        ),
      ],
    }),
  ),
];
