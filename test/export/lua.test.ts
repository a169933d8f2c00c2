import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { messagesOf } from '../../src/decode/catalog.ts';
import { channels } from '../../src/decode/frame.ts';
import { FilterFields } from '../../src/export/derive/lua/filter-field.ts';
import { luaLiteral } from '../../src/export/derive/lua/literal.ts';
import { dissectorOf, protocolTables } from '../../src/export/derive/lua/protocol.ts';
import { recordTables } from '../../src/export/derive/lua/record.ts';
import { luaParts } from '../../src/export/derive/lua.ts';
import { grownFieldList, parseFieldList, wiresharkFields } from '../../src/export/derive/wireshark-fields.ts';

const messages = protocolTables('vhost_user');
const gpu = protocolTables('vhost_user_gpu');
const record = recordTables();

describe('the dissectors', () => {
  it('have every part of their code', () => {
    const folder = resolve(import.meta.dirname, '../../src/export/derive/lua');
    const files = readdirSync(folder).filter(name => name.endsWith('.lua'));
    expect(files.sort()).toEqual([...luaParts].sort());
  });

  it.each(channels)('know every message of the %s channel', channel => {
    const tables = dissectorOf[channel] === 'vhost_user' ? messages : gpu;
    const known = tables.messages[channel] as ReadonlyMap<number, readonly { name: string }[]>;
    for (const spec of messagesOf[channel]) expect(known.get(spec.id)?.map(({ name }) => name)).toContain(spec.name);
  });

  it('give fields names that Wireshark takes', () => {
    for (const { fields } of [messages, gpu, record]) {
      for (const { id } of fields.list()) expect(id).toMatch(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/);
    }
  });

  const named = new Map(messages.fields.list().map(field => [field.id, field]));
  it.each([
    ['request', 'uint', 32],
    ['backend_request', 'uint', 32],
    ['flags.need_reply', 'bool', 32],
    ['vring.index', 'uint', 32],
    ['mem.guest_addr', 'uint', 64],
    ['protocol_features.reply_ack', 'bool', undefined],
    ['features.version_1', 'bool', undefined],
    ['features.fs.notification', 'bool', undefined],
    ['crypto.op_code', 'uint', 64],
    ['object.uuid', 'uuid', undefined],
    ['net.mac', 'mac', undefined],
    ['response_to', 'frame', undefined],
  ])('name %s by its meaning', (id, type, bits) => {
    expect(named.get(id)).toMatchObject({ type, ...(bits && { bits }) });
  });
});

describe('names in filters', () => {
  const list = readFileSync(resolve(import.meta.dirname, '../../docs/wireshark/fields.txt'), 'utf8');
  const now = wiresharkFields();

  it('are for ever, and so are their types', () => {
    const kept = parseFieldList(list);
    expect(kept.length).toBeGreaterThan(500);
    expect(kept.filter(([name, type]) => now.get(name) !== type)).toEqual([]);
  });

  it('stay in the list also where a dissector has lost one', () => {
    const old = 'vhost_user.of_old uint';
    expect(grownFieldList(`${list}${old}\n`).split('\n')).toContain(old);
  });
});

describe('a field that occurs in several places', () => {
  const at = (fields: FilterFields) => fields.list()[0];

  it('is as wide as the widest, and keeps the value names that agree', () => {
    const fields = new FilterFields();
    fields.add({
      id: 'a',
      type: 'uint',
      bits: 8,
      label: 'a',
      values: new Map([
        [1, 'ONE'],
        [2, 'TWO'],
      ]),
    });
    fields.add({
      id: 'a',
      type: 'uint',
      bits: 32,
      label: 'b',
      hex: true,
      values: new Map([
        [2, 'ZWEI'],
        [3, 'THREE'],
      ]),
    });
    expect(at(fields)).toEqual({
      id: 'a',
      type: 'uint',
      bits: 32,
      label: 'a',
      hex: true,
      values: new Map([
        [1, 'ONE'],
        [3, 'THREE'],
      ]),
    });
  });

  it('has one type', () => {
    const fields = new FilterFields();
    fields.add({ id: 'a', type: 'uint', bits: 8, label: 'a' });
    expect(() => fields.add({ id: 'a', type: 'bytes', label: 'a' })).toThrow('two fields are called a: uint and bytes');
  });
});

describe('luaLiteral', () => {
  it.each([
    ['a "b"\\\n\u00e9', '"a \\"b\\"\\\\\\010\\195\\169"'],
    [[1, true, 'x'], '{ 1, true, "x" }'],
    [{}, '{}'],
    [{ end: 1, a: undefined, 'b-c': [] }, '{ ["end"] = 1, ["b-c"] = {} }'],
    [new Map([[26, 'fs']]), '{ [26] = "fs" }'],
  ])('%j', (value, text) => {
    expect(luaLiteral(value)).toBe(text);
  });

  it('breaks what is long', () => {
    const lines = luaLiteral({ first: 'x'.repeat(80), second: ['y'.repeat(80)] }).split('\n');
    expect(lines).toEqual(['{', `  first = "${'x'.repeat(80)}",`, `  second = { "${'y'.repeat(80)}" },`, '}']);
  });
});
