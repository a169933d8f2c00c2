/** Finds the declaration of a message by channel and number. */
import { type Facts, holds } from './condition.ts';
import type { Channel } from './frame.ts';
import type { MessageSpec, ReplyShape, Variant } from './message-spec.ts';
import type { Struct } from './schema.ts';
import { backEnd } from './spec/back-end.ts';
import { frontEnd } from './spec/front-end.ts';
import { gpu } from './spec/gpu.ts';
import { nothing } from './spec/payloads.ts';
import { privateBackEnd, privateFrontEnd } from './spec/private.ts';

/** Every declared message of a channel, those of the specification first. */
export const messagesOf: { readonly [channel in Channel]: readonly MessageSpec[] } = {
  main: [...frontEnd, ...privateFrontEnd],
  'backend-req': [...backEnd, ...privateBackEnd],
  gpu,
};

const byId: { readonly [channel in Channel]: ReadonlyMap<number, readonly MessageSpec[]> } = {
  main: index(messagesOf.main),
  'backend-req': index(messagesOf['backend-req']),
  gpu: index(messagesOf.gpu),
};

function index(specs: readonly MessageSpec[]): Map<number, MessageSpec[]> {
  const map = new Map<number, MessageSpec[]>();
  for (const spec of specs) map.set(spec.id, [...(map.get(spec.id) ?? []), spec]);
  return map;
}

const none: readonly MessageSpec[] = [];

/** All messages that share a number on a channel. */
export function candidates(channel: Channel, id: number): readonly MessageSpec[] {
  return byId[channel].get(id) ?? none;
}

/**
 * The message meant by a number: the first private one whose condition holds, else the one of the specification.
 * Which one is meant by a reply is told by the request; without it the same conditions are tried on the reply.
 */
export function messageSpec(channel: Channel, id: number, facts: Facts): MessageSpec | undefined {
  const found = candidates(channel, id);
  if (found.length === 1 && !found[0]?.meant) return found[0];
  let specified: MessageSpec | undefined;
  for (const spec of found) {
    if (spec.meant === undefined) specified ??= spec;
    else if (holds(spec.meant, facts)) return spec;
  }
  return specified;
}

/** A message that a number may stand for although nothing shows that it does, for people: `SLEEP_42 of crosvm`. */
export function candidateText({ name, private: whose }: MessageSpec): string {
  return whose === undefined ? name : `${name} of ${whose}`;
}

/** The layouts a message can have: those of the request, or those of the reply. */
export function variantsOf(spec: MessageSpec, reply: boolean): readonly Variant[] {
  return reply ? spec.reply.shapes : requestVariants(spec);
}

const single = new WeakMap<Struct, readonly Variant[]>();

function requestVariants({ payload }: MessageSpec): readonly Variant[] {
  if (!('list' in payload)) return payload;
  let variants = single.get(payload);
  if (!variants) {
    variants = [{ payload }];
    single.set(payload, variants);
  }
  return variants;
}

const empty: Variant = { payload: nothing };

/** The variant of the request that applies. */
export function requestVariant(spec: MessageSpec, facts: Facts): Variant {
  return chosen(requestVariants(spec), facts);
}

/** The shape of the reply that applies; an empty one where the message declares none. */
export function replyShape(spec: MessageSpec, facts: Facts): ReplyShape {
  return chosen(spec.reply.shapes, facts);
}

function chosen(variants: readonly Variant[], facts: Facts): Variant {
  for (const variant of variants) if (variant.when === undefined || holds(variant.when, facts)) return variant;
  return variants.at(-1) ?? empty;
}

const byName: { readonly [channel in Channel]: ReadonlyMap<string, MessageSpec> } = {
  main: named(messagesOf.main),
  'backend-req': named(messagesOf['backend-req']),
  gpu: named(messagesOf.gpu),
};

function named(specs: readonly MessageSpec[]): Map<string, MessageSpec> {
  const map = new Map<string, MessageSpec>();
  for (const spec of specs) {
    for (const name of [spec.name, ...(spec.aliases ?? [])]) if (!map.has(name)) map.set(name, spec);
  }
  return map;
}

/** The message of that name on one channel; the name as in `messageByName`. */
export function messageNamed(channel: Channel, name: string): MessageSpec | undefined {
  return byName[channel].get(name.toUpperCase().replace(/^VHOST_USER_/, ''));
}

/** The message of that name, old name or DPDK spelling, with or without the `VHOST_USER_` prefix; any case. */
export function messageByName(name: string): { channel: Channel; spec: MessageSpec } | undefined {
  for (const channel of ['main', 'backend-req', 'gpu'] as const) {
    const spec = messageNamed(channel, name);
    if (spec) return { channel, spec };
  }
  return undefined;
}
