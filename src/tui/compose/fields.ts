/** The fields of a draft as lines of a form: what each is, how it is written, what it may be. Pure. */

import { countOf } from '../../decode/assign.ts';
import { declaredAs } from '../../decode/field-path.ts';
import { fdRuleOf } from '../../decode/message.ts';
import type { ArrayField, NamedField, Struct, WordField } from '../../decode/schema.ts';
import type { Mask } from '../../decode/session/negotiation.ts';
import { deviceById } from '../../decode/spec/devices/index.ts';
import { decodeTree, type TreeNode } from '../../decode/tree.ts';
import { isWhole } from '../../decode/tree-walk.ts';
import { bytesFields } from './bytes.ts';
import { bytesOf, type Draft, envelopeOf } from './draft.ts';
import { summary, table } from './entries.ts';
import { leaf, numberText } from './leaf.ts';

/** Something in a message that can be given a value, or that holds such things. */
export interface FormField {
  /** As assignments name it: `num`, `regions[1].size`, `config.blk.capacity`. */
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
    /** An entry of a list, or bytes with more to be seen: `open` or not. */
    | 'entry'
    | 'fold'
    /** Where an entry can be added to the list of `entry`. */
    | 'more'
    /** The descriptor that belongs to an entry, at `at` among those that go with the message. */
    | 'fd'
    /** Yes or no. */
    | 'check'
    /** A bit of the mask at `path`. */
    | 'bit'
    /** One of `choices`, or a number. */
    | 'choice'
    | 'mask'
    | 'number'
    | 'text'
    | 'bytes'
    /** Some of the bytes at `path`, from `at` on. */
    | 'row'
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
  readonly open?: boolean;
  readonly at?: number;
  /** The innermost entry of a list that it is, or is in. */
  readonly entry?: Entry;
  /** On what counts or measures another field: how many there are. */
  readonly counts?: number;
}

/** An entry of a list. */
export interface Entry {
  readonly list: string;
  readonly at: number;
  /** Entries can be added and taken away; those of a table are only set to zero. */
  readonly kind: 'list' | 'fixed list' | 'table';
  /** A descriptor belongs to each. */
  readonly fds: boolean;
}

/** The masks that two sides have agreed on, where they are known. */
export interface Negotiated {
  readonly virtio: Mask;
  readonly protocol: Mask;
}

/** Paths of what is open that would be closed, and the other way round. */
export type Toggled = ReadonlySet<string>;

/** Lists of more entries than this are closed at first. */
const mostOpen = 4;

/** The fields of the payload, in their order. */
export function formFields(draft: Draft, negotiated: Negotiated | undefined, toggled: Toggled): FormField[] {
  const { message, fields } = decodeTree(draft.bytes, envelopeOf(draft));
  const { struct, kind } = message;
  if (!struct) return [];
  const { count } = fdRuleOf(kind) ?? {};
  const walk = new Walk(draft, negotiated, toggled, count?.[0] === 'per' ? count[1] : undefined);
  return walk.fields({ nodes: fields, struct, parent: '', depth: 0 });
}

/** Whether the sender asks for an acknowledgement, whether it is a reply, and the sizes that would be sent. */
export function headerOf(draft: Draft): { needReply: boolean; flags: string; size: number; name: string } {
  const { message, nodes } = decodeTree(bytesOf(draft), envelopeOf(draft));
  return { needReply: message.needReply, flags: nodes[1]?.text ?? '', size: message.size, name: message.name };
}

/** Fields of one layout, and where they stand. */
interface Level {
  readonly nodes: readonly TreeNode[];
  readonly struct: Struct;
  readonly parent: string;
  readonly depth: number;
  readonly entry?: Entry;
}

/** What every line of a field says. */
export type About = Omit<FormField, 'kind' | 'typed'>;

class Walk {
  readonly #draft: Draft;
  readonly #negotiated: Negotiated | undefined;
  readonly #toggled: Toggled;
  /** The list of which each entry has a descriptor. */
  readonly #tied: string | undefined;

  constructor(draft: Draft, negotiated: Negotiated | undefined, toggled: Toggled, tied: string | undefined) {
    this.#draft = draft;
    this.#negotiated = negotiated;
    this.#toggled = toggled;
    this.#tied = tied;
  }

  fields(level: Level): FormField[] {
    const { nodes, struct } = level;
    return nodes.flatMap((node): FormField[] => {
      const about = aboutOf(node, level);
      const declared = declaredAs(struct, node.name);
      if (declared?.what === 'part') {
        const found = leaf(declared.part, node, about);
        const last = Object.keys(declared.field.parts).at(-1) === node.name;
        return last ? [...found, leftOver(declared.field, level, node)] : found;
      }
      if (!declared) return [{ ...about, kind: 'fixed', typed: node.text }];
      const { field } = declared;
      return field.kind === 'word' ? [] : this.#field(field, node, about, level);
    });
  }

  #field(field: NamedField, node: TreeNode, about: About, level: Level): FormField[] {
    const { depth } = level;
    switch (field.kind) {
      case 'group': {
        const inner = this.fields({
          nodes: node.children,
          struct: field.of,
          parent: `${about.path}.`,
          depth: depth + 1,
          ...entryOf(level),
        });
        return [{ ...about, kind: 'group', typed: '' }, ...inner];
      }
      case 'array':
        return this.#list(field, node, about, depth);
      case 'table':
        return table(node, about, field.count);
      case 'bytes':
      case 'pad':
        return bytesFields(field, node, about, this.#draft.bytes, this.#toggled);
      case 'config': {
        const layout = inConfig(node, this.#draft.context.device);
        const lines = bytesFields(field, node, about, this.#draft.bytes, this.#toggled, layout && 0);
        if (!layout) return lines;
        const inner = {
          nodes: node.children,
          struct: layout.struct,
          parent: `${about.path}.${layout.device}.`,
          depth: depth + 1,
        };
        const [head, ...rows] = lines;
        return [...(head ? [head] : []), ...this.fields(inner), ...rows];
      }
      default: {
        const counted = countedBy(field.name, level);
        const found = leaf(field, node, about, this.#negotiated);
        return counted === undefined ? found : found.map(one => ({ ...one, counts: counted }));
      }
    }
  }

  #list(field: NamedField & ArrayField, node: TreeNode, about: About, depth: number): FormField[] {
    const { path: list } = about;
    const entries = node.children;
    const fds = list === this.#tied;
    const kind = typeof field.count === 'number' ? 'fixed list' : 'list';
    const head: FormField = {
      ...about,
      kind: 'group',
      typed: '',
      text: entries.length === 1 ? '1 entry' : `${entries.length} entries`,
    };
    const more: FormField = {
      ...{
        ...about,
        path: `${list}[]`,
        name: '+',
        text: '',
        doc: 'add one',
        depth: depth + 1,
        kind: 'more',
        typed: '',
      },
      entry: { list, at: entries.length, kind, fds },
    };
    const lines = entries.flatMap((each, at): FormField[] => {
      const path = `${list}[${at}]`;
      const entry: Entry = { list, at, kind, fds };
      const open = entries.length <= mostOpen !== this.#toggled.has(path);
      const { offset, length, problem } = each;
      const line: FormField = {
        ...{ path, name: `[${at}]`, depth: depth + 1, typed: '', doc: '', offset, length, kind: 'entry', open, entry },
        text: open ? '' : summary(each),
        ...(problem !== undefined && { problem }),
      };
      if (!open || !isWhole(each)) return [line];
      const fd: FormField = {
        ...line,
        path: `${path} descriptor`,
        name: 'descriptor',
        depth: depth + 2,
        kind: 'fd',
        at,
      };
      const inner = this.fields({
        nodes: each.children,
        struct: field.of,
        parent: `${path}.`,
        depth: depth + 2,
        entry,
      });
      return [line, ...inner, ...(fds ? [fd] : [])];
    });
    return [head, ...lines, ...(kind === 'list' ? [more] : [])];
  }
}

const entryOf = ({ entry }: Level): { entry?: Entry } => (entry ? { entry } : {});

function aboutOf(node: TreeNode, level: Level): About {
  const { name, text, doc = '', offset, length, problem } = node;
  return {
    ...{ path: `${level.parent}${name}`, name, depth: level.depth, text, doc, offset, length, ...entryOf(level) },
    ...(problem !== undefined && { problem }),
  };
}

/** The bits of a word that belong to no part: they can be set as well. */
function leftOver(field: NamedField & WordField, level: Level, { offset, length }: TreeNode): FormField {
  const found = level.nodes.find(({ name }) => name === field.name);
  const typed = numberText((found?.value as number | bigint | undefined) ?? 0, 'hex');
  const about = found ?? { name: field.name, text: typed, offset, length, id: '', children: [] };
  return { ...aboutOf(about, level), doc: 'bits without a meaning', kind: 'number', typed };
}

/** How many there are of what a field counts or measures. */
function countedBy(name: string, { struct, nodes }: Level): number | undefined {
  const counted = struct.list.find(field => countOf(field) === name);
  const node = counted && nodes.find(one => one.name === counted.name);
  if (!node) return undefined;
  return counted.kind === 'array' ? node.children.filter(isWhole).length : node.length;
}

/** The layout of the configuration space that a field carries a window of; undefined where it is not known. */
function inConfig({ children }: TreeNode, device: number | undefined) {
  const spec = deviceById(device);
  return children.length > 0 && spec?.config ? { struct: spec.config, device: spec.name } : undefined;
}
