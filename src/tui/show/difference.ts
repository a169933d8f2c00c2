/** Two records or two states side by side: what is the same, and what is not. */
import type { TreeNode } from '../../decode/tree.ts';
import { type Line, span } from '../frame.ts';
import { drawable, padded } from '../width.ts';

/** A line of a comparison. */
export interface DifferenceLine {
  readonly line: Line;
  readonly heading?: boolean;
}

/** A field of two messages. */
interface ComparedField extends DifferenceLine {
  readonly differs: boolean;
}

/** Values of a message by the path of their field; bits by their name. */
function valuesOf(nodes: readonly TreeNode[], parent = ''): Map<string, string> {
  const values = new Map<string, string>();
  for (const node of nodes) {
    const path = parent === '' ? node.name : `${parent}.${node.name}`.replace('.[', '[');
    if (node.text !== '' && typeof node.value !== 'boolean') values.set(path, node.text);
    if (node.children.some(({ bit }) => bit !== undefined)) continue;
    for (const [inner, text] of valuesOf(node.children, path)) values.set(inner, text);
  }
  return values;
}

/** The fields of two messages, those that differ marked. */
export function fieldDifference(
  before: readonly TreeNode[],
  after: readonly TreeNode[],
  width: number,
): ComparedField[] {
  const left = valuesOf(before);
  const right = valuesOf(after);
  const names = [...new Set([...left.keys(), ...right.keys()])];
  const nameWidth = Math.min(30, Math.max(0, ...names.map(name => name.length)));
  const room = Math.max(8, Math.floor((width - nameWidth - 8) / 2));
  return names.map(name => {
    const [one = '', other = ''] = [left.get(name), right.get(name)];
    const same = one === other;
    const style = same ? 'faint' : 'changed';
    return {
      differs: !same,
      line: [
        span(same ? '   ' : ' ! ', 'warn'),
        span(`${padded(name, nameWidth)}  `, 'key'),
        span(`${padded(drawable(one), room)}  `, style),
        span(drawable(other), style),
      ],
    };
  });
}

/** Lines that only one of two texts has. */
export function textDifference(before: readonly string[], after: readonly string[]): DifferenceLine[] {
  const left = new Set(before);
  const right = new Set(after);
  return [
    ...before.filter(text => !right.has(text)).map(text => ({ line: [span(' - ', 'bad'), span(text)] })),
    ...after.filter(text => !left.has(text)).map(text => ({ line: [span(' + ', 'good'), span(text)] })),
  ];
}
