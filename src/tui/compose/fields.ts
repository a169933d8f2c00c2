/** The fields of a draft as lines of a form: what each is, how it is written, what it may be. Pure. */

import type { NamedField, Part, Struct, U64 } from '../../decode/schema.ts';
import type { Mask } from '../../decode/session/negotiation.ts';
import { decodeTree, type TreeNode } from '../../decode/tree.ts';
import { hasBit } from '../../decode/u64.ts';
import { bytesOf, type Draft, envelopeOf, hexOf } from './draft.ts';

/** Something in a message that can be given a value. */
export interface FormField {
  /** As assignments name it: `num`, `regions[1].size`. */
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  /** The value as it is shown, and as it can be typed. */
  readonly text: string;
  readonly typed: string;
  readonly doc: string;
  /** Its bytes in the message, header included. */
  readonly offset: number;
  readonly length: number;
  readonly kind: /** Holds others. */
    | 'group'
    /** Yes or no. */
    | 'check'
    /** A bit of the mask at `path`. */
    | 'bit'
    /** One of `choices`, or a number. */
    | 'choice'
    | 'mask'
    | 'number'
    | 'text'
    /** Follows from the rest, or cannot be written. */
    | 'fixed';
  readonly choices?: readonly string[];
  /** On bits and single bits. */
  readonly set?: boolean;
  /** On bits: the number, and the mask that has it. */
  readonly bit?: number;
  readonly mask?: bigint;
  /** On bits of features: how the bit stands between the two sides. */
  readonly offered?: boolean;
  readonly accepted?: boolean;
  readonly problem?: string;
}

/** The masks that two sides have agreed on, where they are known. */
export interface Negotiated {
  readonly virtio: Mask;
  readonly protocol: Mask;
}

/** The fields of the payload, in their order. */
export function formFields(draft: Draft, negotiated: Negotiated | undefined): FormField[] {
  const { message, nodes } = decodeTree(draft.bytes, envelopeOf(draft));
  const headerNodes = 3;
  return message.struct ? walked(nodes.slice(headerNodes), message.struct, '', 0, negotiated) : [];
}

/** Whether the sender asks for an acknowledgement, whether it is a reply, and the sizes that would be sent. */
export function headerOf(draft: Draft): { needReply: boolean; flags: string; size: number; name: string } {
  const { message, nodes } = decodeTree(bytesOf(draft), envelopeOf(draft));
  return { needReply: message.needReply, flags: nodes[1]?.text ?? '', size: message.size, name: message.name };
}

function walked(
  nodes: readonly TreeNode[],
  struct: Struct,
  parent: string,
  depth: number,
  negotiated: Negotiated | undefined,
): FormField[] {
  return nodes.flatMap((node): FormField[] => {
    const path = `${parent}${node.name}`;
    const found = declared(struct, node.name);
    const { name, text, doc = '', offset, length, problem } = node;
    const about = { path, name, depth, text, doc, offset, length, ...(problem !== undefined && { problem }) };
    if (!found) return [{ ...about, kind: 'fixed', typed: text }];
    if ('part' in found)
      return [
        node.value === true || node.value === false
          ? { ...about, kind: 'check', typed: node.value ? '1' : '0', set: node.value }
          : { ...about, kind: 'number', typed: numberText(node.value as U64, found.part.show) },
      ];
    const { field } = found;
    if (field.kind === 'group')
      return [
        { ...about, kind: 'group', typed: '' },
        ...walked(node.children, field.of, `${path}.`, depth + 1, negotiated),
      ];
    if (field.kind === 'array')
      return [
        { ...about, kind: 'group', typed: '', text: `${node.children.length}` },
        ...node.children.flatMap((entry, i): FormField[] => [
          {
            ...about,
            kind: 'group',
            typed: '',
            path: `${path}[${i}]`,
            name: `[${i}]`,
            text: '',
            doc: '',
            depth: depth + 1,
          },
          ...walked(entry.children, field.of, `${path}[${i}].`, depth + 2, negotiated),
        ]),
      ];
    return leaf(field, node, about, negotiated);
  });
}

type About = Omit<FormField, 'kind' | 'typed'>;

function leaf(field: NamedField, node: TreeNode, about: About, negotiated: Negotiated | undefined): FormField[] {
  const { value } = node;
  if (value === undefined) return [{ ...about, kind: 'fixed', typed: '' }];
  switch (field.kind) {
    case 'flags':
    case 'features': {
      const mask = BigInt(value as U64);
      const agreed = field.kind === 'features' && field.of !== 'gpu' ? negotiated?.[field.of] : undefined;
      return [
        { ...about, kind: 'mask', typed: `0x${mask.toString(16)}` },
        ...node.children.flatMap((child): FormField[] =>
          child.bit === undefined ? [] : [bitOf(child, about, mask, agreed)],
        ),
      ];
    }
    case 'enum': {
      const named = Object.entries(field.values).find(([, number]) => number === value)?.[0];
      return [{ ...about, kind: 'choice', typed: named ?? String(value), choices: Object.keys(field.values) }];
    }
    case 'text':
      return [{ ...about, kind: 'text', typed: JSON.stringify(value) }];
    case 'bytes':
    case 'config':
      return [{ ...about, kind: 'text', typed: hexOf(value as Uint8Array) }];
    case 'uuid':
    case 'mac':
      return [{ ...about, kind: 'text', typed: String(value) }];
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64':
    case 'i64':
      return [{ ...about, kind: 'number', typed: numberText(value as U64, field.show) }];
    default:
      return [{ ...about, kind: 'fixed', typed: '' }];
  }
}

function bitOf(child: TreeNode, about: About, mask: bigint, agreed: Mask | undefined): FormField {
  const bit = child.bit as number;
  return {
    ...{ path: about.path, name: child.name, depth: about.depth + 1, kind: 'bit', typed: '', text: '', bit, mask },
    ...{ doc: child.doc ?? '', offset: child.offset, length: child.length, set: ((mask >> BigInt(bit)) & 1n) === 1n },
    ...(agreed?.offered !== undefined && { offered: hasBit(agreed.offered, bit) }),
    ...(agreed?.accepted !== undefined && { accepted: hasBit(agreed.accepted, bit) }),
  };
}

/** The field or part of a name. */
function declared(struct: Struct, name: string): { field: NamedField } | { part: Part } | undefined {
  const field = struct.list.find(one => one.name === name);
  if (field && field.kind !== 'word') return { field };
  for (const one of struct.list) {
    const part = one.kind === 'word' ? one.parts[name] : undefined;
    if (part) return { part };
  }
  return undefined;
}

/** A number as it is typed: in the way in which it is shown. */
function numberText(value: U64, show: 'dec' | 'hex' = 'dec'): string {
  return show === 'hex' ? `0x${value.toString(16)}` : value.toString();
}

/** The other way to write a number: hexadecimal where it is shown in decimal digits, and the other way round. */
export function otherWay(typed: string): string {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(typed)) return '';
  const value = BigInt(typed);
  if (value < 10n) return '';
  return typed.startsWith('0x') ? value.toString() : `0x${value.toString(16)}`;
}

/** The mask of a bit's field with that bit the other way round, as it is typed. */
export function toggledMask({ mask = 0n, bit = 0 }: FormField): string {
  return `0x${(mask ^ (1n << BigInt(bit))).toString(16)}`;
}
