/** The form over every message that is declared: what each of its fields can be, and that nothing else changes. */
import { describe, expect, it } from 'vitest';
import { messageNamed } from '../../src/decode/catalog.ts';
import { fixedSize } from '../../src/decode/decode.ts';
import { encodeMessage } from '../../src/decode/encode.ts';
import type { Context } from '../../src/decode/frame.ts';
import { decodeMessage } from '../../src/decode/message.ts';
import { numbers, type Sample, sample, samples } from '../../src/decode/sample.ts';
import type { Struct } from '../../src/decode/schema.ts';
import { devices } from '../../src/decode/spec/devices/index.ts';
import { config } from '../../src/decode/spec/payloads.ts';
import { withRow } from '../../src/tui/compose/bytes.ts';
import { assigned, type Draft, envelopeOf, newDraft, withEntry } from '../../src/tui/compose/draft.ts';
import { type FormField, formFields } from '../../src/tui/compose/fields.ts';
import { toggledMask } from '../../src/tui/compose/leaf.ts';

const random = numbers(42);
const below = (n: number): number => Math.floor(random() * n);
const digits = (count: number): string => Array.from({ length: count * 2 }, () => below(16).toString(16)).join('');

const contexts: { readonly [what: string]: Context } = {
  'nothing known': {},
  'blk, packed rings': { device: 2, features: (1n << 32n) | (1n << 34n), protocolFeatures: 0xfffffn },
  'crosvm, big endian': { device: 1, features: 1n << 32n, bigEndian: true, frontEnd: 'crosvm', backEnd: 'crosvm' },
};

function draftOf({ channel, dir, bytes, fdCount }: Sample, context: Context): Draft {
  const fds = Array.from({ length: fdCount }, (_, i) => ({ kind: 'memfd', object: i, size: 4096 }) as const);
  return newDraft({ channel, dir, context, bytes, fds });
}

/** A window of the whole configuration space of each device, and one of its middle. */
function configs(): { what: string; draft: Draft }[] {
  return devices.flatMap(({ id, name, config: layout }) => {
    if (!layout) return [];
    const size = layout.list.reduce((sum, field) => sum + (fixedSize(field) ?? 4), 0);
    return [0, 4].map(offset => {
      const bytes = Uint8Array.from({ length: size - offset }, () => below(256));
      // The tag of 9P has as many bytes as it says.
      if (name === '9p') bytes.set(offset === 0 ? [4, 0] : []);
      const context = { device: id };
      const payload = { offset, config: bytes };
      const message = encodeMessage({ channel: 'main', name: 'GET_CONFIG', reply: true, payload }, context);
      const dir = 'back-to-front' as const;
      return {
        what: `${name} from ${offset}`,
        draft: newDraft({ channel: 'main', dir, context, bytes: message, fds: [] }),
      };
    });
  });
}

const cases = [
  ...Object.entries(contexts).flatMap(([what, context]) =>
    samples(7, context).map(one => {
      const name = `${one.spec.name}${one.reply ? ' = ' : ' '}${one.struct.name}, ${what}`;
      return { what: name, draft: draftOf(one, context) };
    }),
  ),
  ...configs(),
];

/** Every field, whatever is closed at first. */
function fieldsOf(draft: Draft): FormField[] {
  let toggled = new Set<string>();
  for (;;) {
    const fields = formFields(draft, undefined, toggled);
    const closed = fields.filter(({ open }) => open === false);
    if (closed.length === 0) return fields;
    toggled = new Set([...toggled, ...closed.map(({ path }) => path)]);
  }
}

const structOf = (draft: Draft): Struct | undefined => decodeMessage(draft.bytes, envelopeOf(draft)).struct;

/** Another value for a field, as it is typed; undefined where it takes none. */
function otherValue(field: FormField, draft: Draft): string | undefined {
  const { kind, typed, length, choices = [] } = field;
  switch (kind) {
    case 'number': {
      // Parts of words have fewer bits than the bytes they lie in.
      const values = [2 ** Math.min(length * 8, 50) - 1, 127, 3, 1, 0].map(String);
      return values.find(value => Number(value) !== Number(typed) && flawless(draft, field.path, value));
    }
    case 'check':
      return field.set ? '0' : '1';
    case 'bit':
      return toggledMask(field);
    case 'mask':
      return typed === '0x5' ? '0x4' : '0x5';
    case 'choice':
      return choices.find(choice => choice !== typed) ?? '77';
    case 'text':
      if (typed.startsWith('"')) return '"q\\"\\\\x"';
      return typed.includes(':') ? '02:00:00:aa:bb:cc' : '01234567-89ab-4cde-8f01-23456789abcd';
    case 'bytes':
      return length === 0 ? undefined : digits(length);
    case 'row': {
      const whole = fieldsOf(draft).find(one => one.kind === 'bytes' && one.path === field.path);
      return whole && withRow(draft.bytes, whole, field, digits(length));
    }
    default:
      return undefined;
  }
}

const flawless = (draft: Draft, path: string, text: string): boolean =>
  Object.keys(assigned({ ...draft, flaws: {} }, path, text).flaws).length === 0;

describe('every field of the form', () => {
  it.each(cases)('$what', ({ draft }) => {
    const fields = fieldsOf(draft);
    for (const field of fields) {
      const { path, kind, offset, length, typed } = field;
      const value = otherValue(field, draft);
      if (value === undefined) continue;
      const after = assigned(draft, path, value);
      expect(after.flaws, `${path}=${value}`).toEqual({});
      expect(after.bytes).toHaveLength(draft.bytes.length);
      const changed = [...after.bytes.keys()].filter(i => after.bytes[i] !== draft.bytes[i]);
      expect(changed.length, `${path}=${value}`).toBeGreaterThan(0);
      const [from, to] = rangeOf(field, fields);
      expect(
        changed.filter(i => i < from || i >= to),
        `${path}=${value}`,
      ).toEqual([]);
      // A field that selects the layout, or counts, has other fields follow it.
      if (structOf(after) !== structOf(draft) || field.counts !== undefined) continue;
      const again = fieldsOf(after).find(
        one => one.path === path && one.kind === kind && one.offset === offset && one.bit === field.bit,
      );
      if (kind === 'bit' || kind === 'check') expect(again?.set ?? false).toBe(!field.set);
      else if (kind === 'row') expect(value.slice((field.at ?? 0) * 2)).toMatch(new RegExp(`^${again?.typed}`));
      else if (typed !== '') expect(typedLike(again?.typed ?? ''), path).toBe(typedLike(value));
      // And back to what it was: not one byte is left of the change.
      const before = kind === 'row' ? fields.find(one => one.path === path && one.kind === 'bytes') : field;
      if (length > 0 && kind !== 'bit' && before?.typed !== '') {
        const back = assigned(after, path, before?.typed ?? '');
        // A text that ends before its field does is padded anew.
        if (kind !== 'text') expect(Buffer.compare(back.bytes, draft.bytes), path).toBe(0);
      }
    }
  });

  /** The bytes that a field may change: of a bit those of its mask, of a row those of the row. */
  function rangeOf({ path, kind, offset, length }: FormField, fields: readonly FormField[]): [number, number] {
    const mask = kind === 'bit' ? fields.find(one => one.path === path && one.kind === 'mask') : undefined;
    return mask ? [mask.offset, mask.offset + mask.length] : [offset, offset + length];
  }

  /** Numbers by their value, bytes with runs written out. */
  function typedLike(text: string): string {
    if (/^(0x[0-9a-f]+|\d{1,19})$/i.test(text)) return BigInt(text).toString();
    return text.replace(/([0-9a-f]{2})\*(\d+)\.?/g, (_, byte: string, count: string) => byte.repeat(Number(count)));
  }

  it('is one that can be changed', () => {
    const still = cases.flatMap(({ what, draft }) =>
      fieldsOf(draft).flatMap(({ kind, path, text, problem }) =>
        kind === 'fixed' && problem === undefined ? [`${what}: ${path} ${text}`] : [],
      ),
    );
    // What a window of the configuration space has of a field only in part; a sample can be read as another message.
    expect(still.filter(each => !/ in part$|: rest /.test(each))).toEqual([]);
  });
});

describe('lists', () => {
  const region = (n: number) => ({ guest_address: n, size: n + 1, user_address: n + 2, mmap_offset: n + 3 });
  const table = (count: number): Draft => {
    const regions = Array.from({ length: count }, (_, i) => region(0x1000 * (i + 1)));
    const bytes = encodeMessage({ channel: 'main', name: 'SET_MEM_TABLE', payload: { regions } });
    const fds = regions.map((_, object) => ({ kind: 'memfd', object, size: 4096 }) as const);
    const draft = newDraft({ channel: 'main', dir: 'front-to-back', context: {}, bytes, fds });
    return { ...draft, fds: fds.map((_, i) => String(i)), came: fds };
  };
  const entryAt = (draft: Draft, at: number) => {
    const entry = formFields(draft, undefined, new Set()).find(({ path }) => path === `regions[${at}]`)?.entry;
    if (!entry) throw new Error(`no entry ${at}`);
    return entry;
  };
  const payload = (draft: Draft) => decodeMessage(draft.bytes, envelopeOf(draft));

  it('lose an entry with its descriptor', () => {
    const after = withEntry(table(3), entryAt(table(3), 1), 'remove');
    expect(payload(after)).toMatchObject({
      size: 72,
      payload: { num_regions: 2, regions: [region(0x1000), region(0x3000)] },
    });
    expect(after.fds).toEqual(['0', '2']);
  });

  it('have an entry twice, with its descriptor', () => {
    const after = withEntry(table(2), entryAt(table(2), 0), 'duplicate');
    expect(payload(after).payload).toMatchObject({
      num_regions: 3,
      regions: [region(0x1000), region(0x1000), region(0x2000)],
    });
    expect(after.fds).toEqual(['0', '0', '1']);
  });

  it('get an entry, for whose descriptor somebody has to care', () => {
    const after = withEntry(table(1), entryAt(table(1), 0), 'add');
    expect(payload(after).payload).toMatchObject({ num_regions: 2, regions: [region(0x1000), { size: 0 }] });
    expect(after.fds).toEqual(['0']);
  });

  it('keep a count that is insisted on, until their entries change', () => {
    const insisted = assigned(table(2), 'num_regions', '5');
    const field = (draft: Draft) => formFields(draft, undefined, new Set()).find(({ path }) => path === 'num_regions');
    expect(field(insisted)).toMatchObject({ typed: '5', counts: 2 });
    const edited = assigned(insisted, 'regions[0].size', '0x7');
    expect(payload(edited).payload.num_regions).toBe(5);
    expect(payload(withEntry(edited, entryAt(edited, 0), 'duplicate')).payload.num_regions).toBe(3);
  });

  it('of every message that has some take and lose entries', () => {
    const spec = messageNamed('main', 'GET_SHARED_MEMORY_REGIONS');
    if (!spec) throw new Error('no such message');
    const shape = spec.reply.shapes[0]?.payload ?? config;
    const draft = draftOf(sample('main', spec, true, shape, 3), {});
    const { entry } = formFields(draft, undefined, new Set()).find(({ kind }) => kind === 'more') ?? {};
    if (!entry) throw new Error('nothing can be added');
    const more = withEntry(draft, entry, 'add');
    expect(payload(more).payload.num_regions).toBe(entry.at + 1);
    expect(more.bytes.length - draft.bytes.length).toBe(16);
    expect(withEntry(more, { ...entry, at: entry.at }, 'remove').bytes).toEqual(draft.bytes);
  });
});
