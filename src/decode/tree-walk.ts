/** Walks a declared struct to nodes with byte ranges, and the device configuration space within one. */
import { holds } from './condition.ts';
import { fixedSize, type Payload, type Source, type Value } from './decode.ts';
import { configBigEndian } from './device-config.ts';
import { featureBits } from './features.ts';
import { formatNumber, formatValue } from './format.ts';
import { bitMeaning, meaning } from './meaning.ts';
import { readPart, readScalar, readUint, unknownBits } from './read-value.ts';
import type { FeaturesField, NamedField, Struct, U64 } from './schema.ts';
import { vringName } from './spec/devices/device.ts';
import { deviceById } from './spec/devices/index.ts';
import { otherMeanings } from './spec/protocol-features.ts';
import type { TreeNode } from './tree.ts';
import { hasBit } from './u64.ts';

type Draft = { -readonly [K in keyof TreeNode]: TreeNode[K] };

/** Said of a field whose bytes the recorder did not keep. */
const notCaptured = 'not captured';

/** Whether all bytes of a field, and of all that it holds, are there. */
export function isWhole({ problem, text, children }: TreeNode): boolean {
  return problem === undefined && text !== notCaptured && children.every(isWhole);
}

/** Largest device configuration space any implementation accepts, in bytes. */
const mostConfig = 4096;

/** A walk over the payload of `source`; `problemAt` tells what decoding found wrong with a field. */
export class TreeWalk {
  readonly #source: Source;
  readonly #problemAt: (path: string) => string | undefined;
  readonly #captured: number;
  #at: number;
  /** Set once the bytes ran out: what is left of them belongs to the last node. */
  stopped = false;

  constructor(source: Source, problemAt: (path: string) => string | undefined) {
    this.#source = source;
    this.#problemAt = problemAt;
    this.#at = source.start;
    this.#captured = Math.min(source.start + source.size, source.bytes.length);
  }

  /** The fields of a struct as nodes; their values also go to `into`, where later fields look for counts. */
  fields(struct: Struct, path = '', into: Payload = {}): TreeNode[] {
    const nodes: TreeNode[] = [];
    for (const field of struct.list) {
      if (field.when !== undefined && !holds(field.when, this.#source)) continue;
      nodes.push(...this.#field(field, struct, path, into));
      if (this.stopped) break;
    }
    return nodes;
  }

  #field(field: NamedField, struct: Struct, path: string, into: Payload): TreeNode[] {
    const offset = this.#at;
    const node = (length: number): Draft => ({
      name: field.name,
      id: meaning(struct, field),
      offset,
      length,
      text: '',
      children: [],
      ...(field.doc !== undefined && { doc: field.doc }),
    });
    if (field.kind === 'group' || field.kind === 'array') {
      const children =
        field.kind === 'group' ? this.fields(field.of, `${path}${field.name}.`) : this.#entries(field, path, into);
      return [{ ...node(this.#at - offset), children }];
    }
    const size = fixedSize(field) ?? this.#length(field, into);
    if (offset + size > this.#captured) return [this.#missing(node(this.#captured - offset), field, path + field.name)];
    this.#at += size;
    if (field.kind === 'word') return this.#parts(field, struct, offset, into);
    const { bytes, bigEndian, context } = this.#source;
    const value = readScalar(field, bytes, offset, size, bigEndian);
    const found = node(size);
    if (value === undefined) return [{ ...found, text: 'zero' }];
    into[field.name] = value;
    found.value = value;
    found.text = formatValue(field, value, context.device) + this.#ring(found.id, value);
    if (field.kind === 'bytes' && field.secret) found.secret = true;
    found.children = this.#inside(field, found, value, into);
    return [found];
  }

  /** What a value holds: bits, the entries of a table that are not zero, the configuration space. */
  #inside(field: NamedField, node: TreeNode, value: Value, into: Payload): readonly TreeNode[] {
    const { bigEndian, context } = this.#source;
    switch (field.kind) {
      case 'features':
        return bits(
          withOtherMeanings(field.of, featureBits(field.of, context.device)),
          node,
          value as U64,
          bigEndian,
          name => bitMeaning(node.id, name, field.of === 'virtio' ? deviceById(context.device) : undefined),
        );
      case 'flags': {
        const named: { name: string; doc: string }[] = [];
        for (const [name, bit] of Object.entries(field.bits)) named[bit] = { name, doc: '' };
        return bits(named, node, value as U64, bigEndian, name => bitMeaning(node.id, name));
      }
      case 'table':
        return (value as U64[]).flatMap((entry, i) =>
          entry === 0 ? [] : [entryNode(i, node.offset + i * 8, 8, formatNumber(entry, field.show), entry)],
        );
      case 'config':
        return configNodes(this.#source, Number(into[field.offset] ?? 0), node.offset, node.length);
      default:
        return [];
    }
  }

  #parts(field: NamedField & { kind: 'word' }, struct: Struct, offset: number, into: Payload): TreeNode[] {
    const { bytes, bigEndian } = this.#source;
    const word = readUint(bytes, offset, field.size, bigEndian);
    const nodes = Object.entries(field.parts).map(([name, part]): TreeNode => {
      const value = readPart(word, part);
      into[name] = value;
      const from = Math.floor(part.from / 8);
      const length = Math.floor((part.from + part.width - 1) / 8) - from + 1;
      const id = meaning(struct, { ...part, name });
      return {
        name,
        id,
        offset: bigEndian ? offset + field.size - from - length : offset + from,
        length,
        value,
        text: formatNumber(value, part.show) + this.#ring(id, value),
        children: [],
        ...(part.width === 1 && { bit: part.from }),
        ...(part.doc !== undefined && { doc: part.doc }),
      };
    });
    const unknown = unknownBits(word, field);
    if (unknown === 0) return nodes;
    const id = meaning(struct, field);
    const text = formatNumber(unknown, 'hex');
    return [...nodes, { name: field.name, id, offset, length: field.size, value: unknown, text, children: [] }];
  }

  #entries(field: NamedField & { kind: 'array' }, path: string, into: Payload): TreeNode[] {
    const count = typeof field.count === 'number' ? field.count : Number(into[field.count] ?? 0);
    const entries: TreeNode[] = [];
    for (let i = 0; i < count && !this.stopped; i++) {
      const at = `${path}${field.name}[${i}]`;
      const offset = this.#at;
      if (offset >= this.#captured) {
        entries.push(this.#missing({ ...entryNode(i, offset, 0, '') }, field, at));
      } else {
        const children = this.fields(field.of, `${at}.`);
        entries.push({ ...entryNode(i, offset, this.#at - offset, ''), children });
      }
    }
    return entries;
  }

  /** A field whose bytes ran out: it takes what is left of them. */
  #missing(node: Draft, field: NamedField, path: string): TreeNode {
    this.stopped = true;
    this.#at = this.#captured;
    const problem = this.#problemAt(path);
    if (problem === undefined) node.text = notCaptured;
    else node.problem = problem;
    if (field.kind === 'bytes' && field.secret) node.secret = true;
    return node;
  }

  #length(field: NamedField, into: Payload): number {
    if (field.kind !== 'bytes' && field.kind !== 'config') return 0;
    if (field.length === 'rest') return this.#source.start + this.#source.size - this.#at;
    return Number(into[field.length] ?? 0);
  }

  #ring(id: string, value: Value): string {
    if (id !== 'vring.index') return '';
    const device = deviceById(this.#source.context.device);
    const name = device && vringName(device, Number(value), this.#source.context.features);
    return name === undefined ? '' : ` (${name})`;
  }
}

/**
 * The fields of the device configuration space that lie in a window of it. Those that the window only touches have no
 * value.
 *
 * @param source the message, whose context tells device type, features and byte order
 * @param window first byte of the window in the configuration space
 * @param offset where the window's bytes begin in the message
 */
function configNodes(source: Source, window: number, offset: number, length: number): TreeNode[] {
  const { context, bytes } = source;
  const layout = deviceById(context.device)?.config;
  if (!layout || window + length > mostConfig) return [];
  const space = new Uint8Array(window + length);
  space.set(bytes.subarray(offset, offset + length), window);
  const bigEndian = configBigEndian(context);
  const whole = { ...source, bytes: space, start: 0, size: space.length, bigEndian, assumed: false };
  const shift = (node: TreeNode): TreeNode[] => {
    const from = Math.max(node.offset, window);
    const length = node.offset + node.length - from;
    if (length <= 0) return [];
    const { value, ...touched } = node;
    const whole = from === node.offset && (value !== undefined || node.text !== notCaptured);
    const children = node.children.flatMap(shift);
    const shown = whole ? node : { ...touched, text: children.length > 0 ? '' : 'in part' };
    return [{ ...shown, offset: offset + from - window, length, children }];
  };
  return new TreeWalk(whole, () => undefined).fields(layout).flatMap(shift);
}

function entryNode(i: number, offset: number, length: number, text: string, value?: Value): TreeNode {
  return { name: `[${i}]`, id: '', offset, length, text, children: [], ...(value !== undefined && { value }) };
}

/** The bits of a mask of protocol features also say what else implementations meant by them. */
function withOtherMeanings(of: FeaturesField['of'], named: NamedBits): NamedBits {
  if (of !== 'protocol') return named;
  return named.map((bit, number) => {
    const others = otherMeanings.filter(other => other.bit === number);
    if (!bit || others.length === 0) return bit;
    const also = others.map(other => `${other.name} with ${other.dialect} (${other.since})`);
    return { ...bit, doc: `${bit.doc}; also ${also.join(', ')}` };
  });
}

type NamedBits = readonly ({ readonly name: string; readonly doc: string } | undefined)[];

/** The bits of a mask: all that have a name, set or not, and those set without one. */
function bits(
  named: NamedBits,
  node: TreeNode,
  mask: U64,
  bigEndian: boolean,
  idOf: (name: string) => string,
): TreeNode[] {
  const found: TreeNode[] = [];
  for (let bit = 0; bit < node.length * 8; bit++) {
    const known = named[bit];
    const set = hasBit(mask, bit);
    if (!known && !set) continue;
    const byte = Math.floor(bit / 8);
    found.push({
      name: known?.name ?? `bit ${bit}`,
      id: known ? idOf(known.name) : '',
      offset: node.offset + (bigEndian ? node.length - 1 - byte : byte),
      length: 1,
      value: set,
      text: set ? 'set' : 'not set',
      bit,
      children: [],
      ...(known && known.doc !== '' && { doc: known.doc }),
    });
  }
  return found;
}
