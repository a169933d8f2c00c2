/** The tree of a message as lines: which nodes are open, how each one reads. */
import type { TreeNode } from '../../decode/tree.ts';
import { bitsOf } from '../../decode/u64.ts';
import type { TellingMask } from '../../trace/questions.ts';
import { type Line, type Span, span } from '../frame.ts';
import type { Glyphs } from '../glyphs.ts';
import { drawable, padded } from '../width.ts';
import { standingOf } from './standing.ts';

/** A node in the list that is seen. */
export interface FieldLine {
  readonly path: string;
  readonly node: TreeNode;
  readonly line: Line;
}

/** Nodes whose openness is not the usual one, by path. */
export type Toggled = ReadonlySet<string>;

/** Whether a node's children are seen: masks are closed at first, their set bits are named in the line. */
export function isOpen(path: string, node: TreeNode, toggled: Toggled): boolean {
  const usual = !node.children.some(child => child.bit !== undefined);
  return toggled.has(path) !== usual;
}

/**
 * The nodes that are seen, in order.
 *
 * @param mask both sides of the feature mask among them
 */
export function fieldLines(
  nodes: readonly TreeNode[],
  toggled: Toggled,
  glyphs: Glyphs,
  mask?: TellingMask,
): FieldLine[] {
  const found: FieldLine[] = [];
  const walk = (list: readonly TreeNode[], parent: string, depth: number, both?: TellingMask): void => {
    const width = Math.min(both ? 30 : 22, Math.max(0, ...list.map(({ name }) => name.length)));
    for (const [i, node] of list.entries()) {
      const path = `${parent}/${i}`;
      const open = isOpen(path, node, toggled);
      const within = node.name === mask?.field ? mask : undefined;
      const about = within ? tally(within) : [];
      const line = both
        ? featureLine(node, both, depth, width, glyphs)
        : fieldLine(node, depth, open, width, glyphs, about);
      found.push({ path, node, line });
      if (open) walk(node.children, path, depth + 1, within);
    }
  };
  walk(nodes, '', 0);
  return found;
}

/** A bit of a mask of which both sides are known. */
function featureLine(node: TreeNode, both: TellingMask, depth: number, width: number, glyphs: Glyphs): Line {
  const bit = node.bit ?? 0;
  const { word, style, sign } = standingOf(both, bit, glyphs);
  const name = `${String(bit).padStart(2)} ${padded(drawable(node.name), width)}`;
  return [
    span(`${'  '.repeat(depth)}${glyphs.leaf} `, 'faint'),
    sign,
    span(` ${name}  `, style),
    span(padded(word, 13), style),
    ...(node.doc ? [span(drawable(node.doc), 'faint')] : []),
  ];
}

/** How many of the offered features are in use. */
function tally({ offered, accepted }: TellingMask): Span[] {
  if (offered === undefined || accepted === undefined) return [];
  const missing = bitsOf(offered & ~accepted).length;
  const wrong = bitsOf(accepted & ~offered).length;
  return [
    span(`  ${bitsOf(offered & accepted).length} in use`, 'good'),
    ...(missing > 0 ? [span(`, ${missing} not taken`)] : []),
    ...(wrong > 0 ? [span(`, ${wrong} not offered!`, 'bad')] : []),
  ];
}

/** Paths of everything that leads to the smallest node with a byte; empty where none has it. */
export function pathsTo(nodes: readonly TreeNode[], byte: number, parent = ''): string[] {
  for (const [i, node] of nodes.entries()) {
    if (byte < node.offset || byte >= node.offset + node.length) continue;
    const path = `${parent}/${i}`;
    const inner = node.children.some(({ bit }) => bit !== undefined) ? [] : pathsTo(node.children, byte, path);
    return [path, ...inner];
  }
  return [];
}

/** @param about what is to be told before the value */
function fieldLine(
  node: TreeNode,
  depth: number,
  open: boolean,
  width: number,
  glyphs: Glyphs,
  about: readonly Span[],
): Line {
  const fold = node.children.length === 0 ? glyphs.leaf : open ? glyphs.open : glyphs.closed;
  const isBit = node.bit !== undefined && typeof node.value === 'boolean';
  const spans: Span[] = [span(`${'  '.repeat(depth)}${fold} `, 'faint')];
  if (isBit) {
    const set = node.value === true;
    const sign = set ? glyphs.yes : glyphs.no;
    spans.push(span(`${sign} ${String(node.bit).padStart(2)} ${drawable(node.name)}`, set ? 'good' : 'faint'));
  } else {
    spans.push(span(drawable(node.name).padEnd(width), node.problem ? 'bad' : 'key'), ...about);
    if (node.text !== '') spans.push(span(`  ${drawable(node.text)}`));
  }
  if (node.doc) spans.push(span(`  ${drawable(node.doc)}`, 'faint'));
  if (node.problem) spans.push(span(`  ! ${drawable(node.problem)}`, 'bad'));
  return spans;
}
