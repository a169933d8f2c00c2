/** A single value as lines of the form: numbers, names to choose from, masks with their bits. Pure. */
import { quoted } from '../../decode/plain.ts';
import type { NamedField, Part, U64 } from '../../decode/schema.ts';
import type { Mask } from '../../decode/session/negotiation.ts';
import type { TreeNode } from '../../decode/tree.ts';
import { hasBit } from '../../decode/u64.ts';
import type { About, FormField, Negotiated } from './fields.ts';

/** The lines of a value: one, and those of its bits where it is a mask. */
export function leaf(
  field: NamedField | Part,
  node: TreeNode,
  about: About,
  negotiated?: Negotiated | undefined,
): FormField[] {
  const { value } = node;
  if (value === undefined) return [{ ...about, kind: 'fixed', typed: '' }];
  if (!('kind' in field))
    return [
      typeof value === 'boolean'
        ? { ...about, kind: 'check', typed: value ? '1' : '0', set: value }
        : { ...about, kind: 'number', typed: numberText(value as U64, field.show) },
    ];
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
      return [{ ...about, kind: 'text', typed: quoted(String(value)) }];
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
  const { entry } = about;
  return {
    ...{ path: about.path, name: child.name, depth: about.depth + 1, kind: 'bit', typed: '', text: '', bit, mask },
    ...{ doc: child.doc ?? '', offset: child.offset, length: child.length, set: ((mask >> BigInt(bit)) & 1n) === 1n },
    ...(entry && { entry }),
    ...(agreed?.offered !== undefined && { offered: hasBit(agreed.offered, bit) }),
    ...(agreed?.accepted !== undefined && { accepted: hasBit(agreed.accepted, bit) }),
  };
}

/** A number as it is typed: in the way in which it is shown. */
export function numberText(value: U64, show: 'dec' | 'hex' = 'dec'): string {
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
