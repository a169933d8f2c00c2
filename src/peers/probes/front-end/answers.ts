/** Answers that are odd or wrong; the front-end starts its device all the same, or leaves. */
import type { Probe } from '../../probe.ts';
import type { Oddity } from '../../traits.ts';
import { starts } from './stages.ts';

const header = 'Message Specification / Header';

type About = Pick<Probe, 'id' | 'title' | 'spec' | 'nature'> & Pick<Partial<Probe>, 'breaks' | 'but' | 'excuses'>;

/** A front-end may also keep the connection and leave its device alone. */
function odd(about: About, oddities: { readonly [message: string]: Oddity }): Probe {
  const but = about.nature === 'right' ? {} : ({ hangs: 'allowed' } as const);
  return { ...about, before: [], sends: [], after: starts, backEnd: { oddities }, but: { ...but, ...about.but } };
}

const memoryRefused: Oddity = { payload: { result: 1 } };

/** Probes about answers. */
export const answers: readonly Probe[] = [
  odd(
    { id: 'reply-byte-by-byte', title: 'the reply to GET_FEATURES byte by byte', spec: header, nature: 'right' },
    { GET_FEATURES: { pieces: Array.from({ length: 19 }, () => 1) } },
  ),
  odd(
    {
      ...{ id: 'need-reply-echoed', title: 'need_reply in the reply to GET_FEATURES, as libvhost-user may repeat it' },
      ...{ spec: header, nature: 'open', breaks: ['FRM-04'] },
    },
    { GET_FEATURES: { flags: 0xd } },
  ),
  odd(
    {
      ...{ id: 'reply-reserved-flags', title: 'a reserved flag in the reply to GET_FEATURES', spec: header },
      ...{ nature: 'wrong', breaks: ['FRM-02'] },
    },
    { GET_FEATURES: { flags: 0x15 } },
  ),
  odd(
    {
      ...{ id: 'reply-version-0', title: 'version 0 in the reply to GET_FEATURES', spec: header },
      ...{ nature: 'wrong', breaks: ['FRM-01'] },
    },
    { GET_FEATURES: { flags: 0x4 } },
  ),
  odd(
    {
      ...{ id: 'reply-without-flag', title: 'the reply to GET_FEATURES without the reply flag', spec: header },
      ...{ nature: 'wrong', breaks: ['FRM-03'] },
    },
    { GET_FEATURES: { flags: 0x1 } },
  ),
  odd(
    {
      ...{ id: 'reply-of-another-number', title: 'GET_FEATURES answered with the number of another message' },
      ...{ spec: 'Communication', nature: 'wrong', breaks: ['RPL-02'] },
    },
    { GET_FEATURES: { id: 17 } },
  ),
  odd(
    {
      ...{ id: 'reply-too-short', title: 'a reply to GET_FEATURES of 4 bytes' },
      ...{ spec: 'Message payload', nature: 'wrong', breaks: ['SIZ-01'] },
    },
    { GET_FEATURES: { length: 4 } },
  ),
  odd(
    {
      ...{ id: 'reply-too-long', title: 'a reply to GET_FEATURES of 16 bytes' },
      ...{ spec: 'Message payload', nature: 'wrong', breaks: ['SIZ-01'] },
    },
    { GET_FEATURES: { length: 16 } },
  ),
  odd(
    {
      ...{ id: 'reply-stray-descriptor', title: 'a descriptor with the reply to GET_FEATURES' },
      ...{ spec: 'Communication', nature: 'wrong', breaks: ['FD-01'] },
    },
    { GET_FEATURES: { fds: [{ event: 'stray' }] } },
  ),
  odd(
    {
      ...{ id: 'channel-refused', title: 'SET_BACKEND_REQ_FD refused' },
      ...{ spec: 'VHOST_USER_SET_BACKEND_REQ_FD', nature: 'open', breaks: ['RPL-07'] },
    },
    { SET_BACKEND_REQ_FD: { payload: { result: 1 } } },
  ),
  odd(
    {
      ...{ id: 'memory-refused', title: 'the memory of the guest refused' },
      ...{ spec: 'VHOST_USER_ADD_MEM_REG', nature: 'open', breaks: ['RPL-07'] },
    },
    { ADD_MEM_REG: memoryRefused, SET_MEM_TABLE: memoryRefused },
  ),
  odd(
    {
      ...{ id: 'config-refused', title: 'GET_CONFIG refused with an empty reply' },
      ...{ spec: 'VHOST_USER_GET_CONFIG', nature: 'open', breaks: ['CFG-08'] },
    },
    { GET_CONFIG: { length: 0 } },
  ),
  odd(
    {
      ...{ id: 'config-without-data', title: 'GET_CONFIG refused with 12 bytes, as rust-vmm does' },
      ...{ spec: 'VHOST_USER_GET_CONFIG', nature: 'open', breaks: ['RPL-13'] },
    },
    { GET_CONFIG: { payload: { offset: 0, size: 0, flags: 0 } } },
  ),
  odd(
    {
      ...{ id: 'config-too-short', title: 'GET_CONFIG answered with 8 bytes less than it asks for' },
      ...{ spec: 'VHOST_USER_GET_CONFIG', nature: 'wrong', breaks: ['RPL-13'] },
    },
    { GET_CONFIG: { length: 24 } },
  ),
];
