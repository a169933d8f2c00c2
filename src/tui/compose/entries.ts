/** Entries of tables and closed entries of lists, as lines of the form. Pure. */
import type { TreeNode } from '../../decode/tree.ts';
import type { About, FormField } from './fields.ts';

/** The entries of a table that are not zero. */
export function table(node: TreeNode, about: About, count: number): FormField[] {
  const { path: list, depth } = about;
  const line = (at: number): Pick<FormField, 'path' | 'name' | 'depth' | 'entry'> => ({
    ...{ path: `${list}[${at}]`, name: `[${at}]`, depth: depth + 1 },
    entry: { list, at, kind: 'table', fds: false },
  });
  return [
    { ...about, kind: 'group', typed: '', text: `${node.children.length} of ${count} are not zero` },
    ...node.children.map((each): FormField => {
      const at = Number(/\d+/.exec(each.name)?.[0]);
      return {
        ...about,
        doc: '',
        ...line(at),
        text: each.text,
        typed: each.text,
        kind: 'number',
        offset: each.offset,
        length: 8,
      };
    }),
    { ...about, ...line(node.children.length), name: '+', text: '', typed: '', doc: 'set another one', kind: 'more' },
  ];
}

/** The first fields of an entry, for a line. */
export function summary(entry: TreeNode): string {
  return entry.children.map(({ name, text }) => `${name}=${text}`).join(' ');
}
