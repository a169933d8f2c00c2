/** The 12 bytes of a header as nodes. */
import { formatNumber } from './format.ts';
import { isReply, readU32 } from './header.ts';
import type { Message } from './message.ts';
import type { TreeNode } from './tree.ts';

/** The header's fields, flags as bits; bytes that have no meaning on the gpu channel stay a plain number. */
export function headerNodes(
  message: Message,
  bytes: Uint8Array,
  bigEndian: boolean,
  problemAt: (path: string) => string | undefined,
): TreeNode[] {
  const flags = readU32(bytes, 4, bigEndian);
  const leaf = (name: string, offset: number, length: number, value: number | boolean, text: string, doc: string) => {
    const problem = problemAt(name);
    const node = { name: name.replace('flags.', ''), id: name, offset, length, value, text, doc, children: [] };
    return problem === undefined ? node : { ...node, problem };
  };
  const low = bigEndian ? 7 : 4;
  const bit = (name: string, n: number, value: boolean, doc: string): TreeNode => ({
    ...leaf(`flags.${name}`, low, 1, value, value ? 'yes' : 'no', doc),
    bit: n,
  });
  const gpu = message.channel === 'gpu';
  const children = gpu
    ? [bit('reply', 2, isReply('gpu', message.dir, flags), 'it answers a request; told by the direction')]
    : [
        leaf('flags.version', low, 1, message.version, String(message.version), 'protocol version, must be 1'),
        bit('reply', 2, message.reply, 'it answers a request'),
        bit('need_reply', 3, message.needReply, 'an acknowledgement is wanted'),
      ];
  if (message.reserved !== 0) {
    const text = formatNumber(message.reserved, 'hex');
    children.push(leaf('flags.reserved', 4, 4, message.reserved, text, 'bits without meaning'));
  }
  return [
    leaf('id', 0, 4, message.id, `${message.name} (${message.id})`, message.spec?.doc ?? 'number of the message'),
    { ...leaf('flags', 4, 4, flags, formatNumber(flags, 'hex'), 'version and kind of the message'), children },
    leaf('size', 8, 4, message.size, String(message.size), 'payload bytes'),
  ];
}
