import { describe, expect, it } from 'vitest';
import { elfNotes, type ReadAt, versionInText } from '../../src/sys/elf.ts';

const reader =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length));

const hex = (text: string) => Buffer.from(text.replace(/\s|#.*$/gm, ''), 'hex');

/** Typed by hand from the ELF specification: 64-bit, little endian, one PT_LOAD, one PT_NOTE with two notes. */
const wideLittle = hex(`
  7f454c46 02 01 01 00 0000000000000000   # identification
  0200 3e00 01000000 0000000000000000     # type, machine, version, entry
  4000000000000000 0000000000000000       # program headers at 64, no sections
  00000000 4000 3800 0200 0000 0000 0000  # flags, sizes: header 64, entry 56, two entries
  01000000 05000000 0000000000000000 0000000000000000 0000000000000000
  1000000000000000 1000000000000000 0010000000000000
  04000000 04000000 b000000000000000 0000000000000000 0000000000000000
  3800000000000000 3800000000000000 0400000000000000
  04000000 03000000 01000000 58595a00 aabbcc00        # another owner's note
  04000000 14000000 03000000 474e5500 d9541fd67c4ea37f9ca7fca0f5096f32b3b7e7e0
`);

/** The same kind of file, 32-bit and big endian, with a build-id of 8 bytes. */
const narrowBig = hex(`
  7f454c46 01 02 01 00 0000000000000000
  0002 0014 00000001 00000000 00000034 00000000
  00000000 0034 0020 0001 0000 0000 0000
  00000004 00000054 00000000 00000000 00000018 00000018 00000004 00000004
  00000004 00000008 00000003 474e5500 0123456789abcdef
`);

describe('the notes of an executable', () => {
  it.each([
    ['64-bit little endian', wideLittle, 'd9541fd67c4ea37f9ca7fca0f5096f32b3b7e7e0'],
    ['32-bit big endian', narrowBig, '0123456789abcdef'],
  ])('hold the build-id: %s', (_, bytes, buildId) => expect(elfNotes(reader(bytes))).toEqual({ buildId }));

  it('hold the package, where the distribution writes one', () => {
    const text = Buffer.from('{"type":"deb","name":"qemu","version":"1:10.0"}\0');
    const note = Buffer.concat([hex('04000000 30000000 7e1afeca 46444f00'), text]);
    expect(text.length).toBe(0x30);
    const bytes = Buffer.concat([wideLittle.subarray(0, 0xb0), note]);
    bytes.writeUInt32LE(note.length, 64 + 56 + 32);
    expect(elfNotes(reader(bytes))).toEqual({ package: { name: 'qemu', version: '1:10.0' } });
  });

  it('are none in anything cut short, and nothing throws', () => {
    for (const whole of [wideLittle, narrowBig]) {
      for (let length = 0; length < whole.length; length++) {
        expect(elfNotes(reader(whole.subarray(0, length)))).toEqual({});
      }
    }
  });

  it('are read in bounds whatever the file claims', () => {
    for (let at = 0; at < wideLittle.length; at++) {
      for (const value of [0, 0x7f, 0xff]) {
        const bytes = Buffer.from(wideLittle);
        bytes[at] = value;
        let most = 0;
        const read = reader(bytes);
        elfNotes((offset, length) => {
          most = Math.max(most, length);
          return read(offset, length);
        });
        expect(most).toBeLessThanOrEqual(64 * 1024);
      }
    }
  });
});

describe('the version in the text of an executable', () => {
  it('is found, also across the pieces that are read', () => {
    for (const at of [0, 1000, (1 << 20) - 10, (1 << 20) + 1]) {
      const bytes = Buffer.alloc(at + 200);
      bytes.write('\0QEMU emulator version 7.2.22 (Debian 1:7.2)\0more', at, 'latin1');
      expect(versionInText(reader(bytes))).toBe('7.2.22 (Debian 1:7.2)');
    }
  });

  it('is not made up', () => {
    expect(versionInText(reader(Buffer.from('virtiofsd version %s\0virtiofsd')))).toBeUndefined();
    expect(versionInText(reader(Buffer.alloc(0)))).toBeUndefined();
  });
});
