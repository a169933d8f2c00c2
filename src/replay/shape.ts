/** What a descriptor must be like, where the capture does not tell. Pure. */
import { requestVariant } from '../decode/catalog.ts';
import type { Facts } from '../decode/condition.ts';
import type { Payload } from '../decode/decode.ts';
import type { FdIdentity } from '../decode/frame.ts';
import type { Step } from './recording.ts';

/** Bytes a descriptor's memory must have, by what the message says of it, where its size is not known. */
export function sizeNeeded({ message }: Step, at: number): number {
  const { payload, spec } = message;
  const number = (value: unknown) => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0);
  const list = Array.isArray(payload.regions)
    ? (payload.regions as Payload[])
    : [(payload.region ?? payload) as Payload];
  const of = list[at] ?? {};
  const size = number(of.size) || number(of.mmap_size) || number(of.len);
  const needed = size + number(of.mmap_offset) + number(of.offset) + number(of.fd_offset);
  return spec && needed > 0 ? needed : 4096;
}

/** The kind a descriptor must have, where its kind is not known. */
export function kindNeeded({ message }: Step): FdIdentity['kind'] {
  const { spec, reply, size } = message;
  const facts: Facts = { context: {}, size, fdCount: 1, first: 0, assumed: false };
  const rule = reply ? spec?.reply.shapes.find(({ fds }) => fds)?.fds : spec && requestVariant(spec, facts) && spec.fds;
  return rule?.kinds?.[0] ?? 'eventfd';
}
