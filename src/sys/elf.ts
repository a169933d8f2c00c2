/**
 * What an executable says about itself, read from its ELF notes and its read-only text. Pure and bounded: the file is
 * handed over as a function that reads a piece of it, and whatever it claims, only a little of it is looked at.
 */

/** Reads up to `length` bytes at `offset`; fewer at the end of the file, none beyond it. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** What the notes of an ELF file tell. */
export interface ElfNotes {
  /** NT_GNU_BUILD_ID in hexadecimal. */
  buildId?: string;
  /** The distribution's package and its version (.note.package). */
  package?: { name: string; version: string };
}

const programHeaderLimit = 128;
const noteSegmentLimit = 64 * 1024;
const noteSegment = 4;
const buildIdNote = 3;
const packageNote = 0xcafe1a7e;

interface Layout {
  wide: boolean;
  little: boolean;
}

function word(view: DataView, offset: number, wide: boolean, little: boolean): number {
  return wide ? Number(view.getBigUint64(offset, little)) : view.getUint32(offset, little);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The PT_NOTE segments' places in the file; empty for what is no ELF file. */
function noteSegments(read: ReadAt): { segments: { offset: number; size: number }[]; layout: Layout } {
  const header = read(0, 64);
  const layout = { wide: header[4] === 2, little: header[5] === 1 };
  const none = { segments: [], layout };
  if (header.length < 52 || header[0] !== 0x7f || header[1] !== 0x45 || header[2] !== 0x4c || header[3] !== 0x46)
    return none;
  if (layout.wide && header.length < 64) return none;
  const view = viewOf(header);
  const { wide, little } = layout;
  const tableAt = word(view, wide ? 32 : 28, wide, little);
  const entrySize = view.getUint16(wide ? 54 : 42, little);
  const count = Math.min(view.getUint16(wide ? 56 : 44, little), programHeaderLimit);
  if (entrySize < (wide ? 56 : 32) || entrySize > 256) return none;
  const table = read(tableAt, count * entrySize);
  const entries = viewOf(table);
  const segments = [];
  for (let at = 0; at + entrySize <= table.length; at += entrySize) {
    if (entries.getUint32(at, little) !== noteSegment) continue;
    const offset = word(entries, at + (wide ? 8 : 4), wide, little);
    segments.push({ offset, size: Math.min(word(entries, at + (wide ? 32 : 16), wide, little), noteSegmentLimit) });
  }
  return { segments, layout };
}

/** The package a .note.package describes, if its text is what it should be. */
function packageOf(text: string): ElfNotes['package'] {
  try {
    const { name, version } = JSON.parse(text) as Record<string, unknown>;
    return typeof name === 'string' && typeof version === 'string' ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the notes of an ELF file of either width and byte order; an empty object for any other file. */
export function elfNotes(read: ReadAt): ElfNotes {
  const notes: ElfNotes = {};
  const { segments, layout } = noteSegments(read);
  for (const { offset, size } of segments) {
    const bytes = read(offset, size);
    const view = viewOf(bytes);
    for (let at = 0; at + 12 <= bytes.length; ) {
      const nameSize = view.getUint32(at, layout.little);
      const textSize = view.getUint32(at + 4, layout.little);
      const type = view.getUint32(at + 8, layout.little);
      const textAt = at + 12 + ((nameSize + 3) & ~3);
      const end = textAt + textSize;
      if (nameSize > bytes.length || textSize > bytes.length || end > bytes.length) break;
      const owner = Buffer.from(bytes.subarray(at + 12, at + 12 + nameSize)).toString('latin1');
      const text = Buffer.from(bytes.subarray(textAt, end));
      if (owner === 'GNU\0' && type === buildIdNote && textSize <= 64) notes.buildId ??= text.toString('hex');
      if (owner === 'FDO\0' && type === packageNote) {
        const found = packageOf(text.toString('utf8').replace(/\0+$/, ''));
        if (found) notes.package ??= found;
      }
      at = textAt + ((textSize + 3) & ~3);
    }
  }
  return notes;
}

/** The words before the version in the text that known programs print for --version. */
const versionMarkers = ['QEMU emulator version ', 'qemu-storage-daemon version ', 'virtiofsd version '];
const pieceSize = 1 << 20;
const overlap = 256;
const scanLimit = 64 * pieceSize;

/** Finds the version that a known program would print, in its read-only text; undefined where it is not there. */
export function versionInText(read: ReadAt): string | undefined {
  for (let at = 0; at < scanLimit; at += pieceSize) {
    const piece = Buffer.from(read(at, pieceSize + overlap));
    for (const marker of versionMarkers) {
      const found = piece.indexOf(marker, 0, 'latin1');
      if (found < 0) continue;
      const text = piece.toString('latin1', found + marker.length, found + marker.length + 120);
      const version = /^\d[\x20-\x7e]*/.exec(text)?.[0];
      if (version) return version;
    }
    if (piece.length < pieceSize + overlap) break;
  }
  return undefined;
}
