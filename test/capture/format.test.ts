import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as layout from '../../src/capture/pseudo-header.ts';
import { channels, dialects, fdKinds } from '../../src/decode/frame.ts';
import { events } from '../../src/decode/spec/events.ts';

const text = readFileSync(resolve(import.meta.dirname, '../../docs/capture-format.md'), 'utf8');

/** The rows of the first table behind a heading, cells trimmed. */
function table(heading: string): string[][] {
  const section = text.slice(text.indexOf(`# ${heading}`));
  const lines = section.slice(section.indexOf('|---')).split('\n').slice(1);
  const end = lines.findIndex(line => !line.startsWith('|'));
  return lines.slice(0, end).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

/** `0 main, 1 backend-req` as the numbers and words of a numbering. */
const numbering = (names: readonly (string | undefined)[], first: string): string =>
  names.map((name, i) => `${i} ${name ?? first}`).join(', ');

describe('docs/capture-format.md', () => {
  it('gives every field its offset, without gaps', () => {
    const rows = table('3. The pseudo-header');
    expect(Object.fromEntries(rows.map(([offset, , name]) => [name, Number(offset)]))).toEqual(layout.fieldAt);
    let end = 0;
    for (const [offset, size] of rows) {
      expect(Number(offset)).toBe(end);
      end += Number(size);
    }
    expect(end).toBe(layout.fixedLength);
  });

  it('gives every part of an fd entry its offset, without gaps', () => {
    const rows = table('3.3 fd entries');
    expect(Object.fromEntries(rows.map(([offset, , name]) => [name, Number(offset)]))).toEqual(layout.fdFieldAt);
    expect(rows.reduce((sum, [, size]) => sum + Number(size), 0)).toBe(layout.fdEntryLength);
  });

  it('names flags and optional values', () => {
    const bits = table('3.1 Flags').map(([bit, name]) => [name, 2 ** Number(bit)]);
    expect(Object.fromEntries(bits)).toEqual(layout.headerFlag);
    const values = table('3.4 Optional values').map(([type, name]) => [name, Number(type)]);
    expect(Object.fromEntries(values)).toEqual(layout.tlvType);
  });

  it('has the numberings', () => {
    expect(text).toContain(numbering(dialects, 'not known'));
    expect(text).toContain(numbering(fdKinds, ''));
    expect(text).toContain(numbering(channels, ''));
    expect(text).toContain(numbering(layout.directions, 'none'));
    expect(text).toContain(numbering(layout.frameKinds, '').slice('0 , '.length));
  });

  it('has every event', () => {
    const rows = table('5. Events and findings').flatMap(([names = '']) => names.split(', '));
    expect(rows.sort()).toEqual(Object.keys(events).sort());
  });

  it('has the tags', () => {
    const bytes = table('2. The packet')
      .slice(0, 3)
      .map(([, cell]) => cell?.replaceAll(/[` ]/g, ''));
    expect(bytes.join('')).toBe(Buffer.from(layout.pduTags).toString('hex'));
  });
});
