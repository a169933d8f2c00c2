/** Values as Lua source text. */

/** What can be written as a Lua constructor; `undefined` properties are left out. */
export type LuaValue =
  | string
  | number
  | boolean
  | undefined
  | readonly LuaValue[]
  | ReadonlyMap<number, LuaValue>
  | { readonly [name: string]: LuaValue };

const word = /^[A-Za-z_][A-Za-z0-9_]*$/;
const reserved = new Set(
  'and break do else elseif end false for function goto if in local nil not or repeat return then true until while'.split(
    ' ',
  ),
);
/** Longest constructor written on one line. */
const lineWidth = 140;

/** A value as a Lua constructor, broken into lines where it is long. Lists count from 1, maps keep their numbers. */
export function luaLiteral(value: LuaValue, indent = ''): string {
  if (typeof value === 'string') return luaString(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nil';
  const inner = `${indent}  `;
  const items = entries(value).map(([key, item]) => key + luaLiteral(item, inner));
  const line = `{ ${items.join(', ')} }`;
  if (items.length === 0) return '{}';
  if (indent.length + line.length <= lineWidth && !line.includes('\n')) return line;
  return `{\n${items.map(item => `${inner}${item},\n`).join('')}${indent}}`;
}

function entries(value: Exclude<LuaValue, string | number | boolean | undefined>): [key: string, item: LuaValue][] {
  if (Array.isArray(value)) return value.map(item => ['', item]);
  if (value instanceof Map) return [...value].map(([key, item]) => [`[${key}] = `, item]);
  return Object.entries(value as { readonly [name: string]: LuaValue })
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [`${word.test(key) && !reserved.has(key) ? key : `[${luaString(key)}]`} = `, item]);
}

/** A Lua string: what is not printable ASCII is written as its UTF-8 bytes. */
function luaString(text: string): string {
  let out = '"';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (byte < 0x20 || byte > 0x7e) out += `\\${String(byte).padStart(3, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
