/** The bytes of the message under the cursor. The field that is selected in the detail is marked, and the other way. */
import type { Question } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import { type Ground, type Line, type Size, type Span, span } from '../frame.ts';
import { type Model, slot } from '../model.ts';
import { topFor } from '../scroll.ts';
import { type Step, stay } from '../step.ts';
import { currentDetail, currentField, detailQuestion, selectByte } from './detail.ts';
import { rowUnderCursor } from './messages.ts';
import type { View } from './view.ts';

interface Kept {
  /** The byte under the cursor. */
  readonly at: number;
  readonly top: number;
}

const kept = slot<Kept>('bytes', { at: 0, top: 0 });

const perLine = 16;
/** Where the digits of a byte and its character stand in a line. */
const digitsAt = (i: number): number => 7 + i * 3 + (i >= 8 ? 1 : 0);
const charsAt = 7 + perLine * 3 + 2;

const bytesOf = (model: Model): Uint8Array => currentDetail(model)?.frame.bytes ?? new Uint8Array(0);

/** The cursor at a byte, and on its field. */
function toByte(model: Model, byte: number): Step {
  const at = Math.max(0, Math.min(byte, bytesOf(model).length - 1));
  return stay(kept.with(selectByte(model, at), { at }));
}

const by = (bytes: number) => (model: Model) => toByte(model, kept.of(model).at + bytes);

const bindings: readonly Binding[] = [
  { keys: ['l', 'right'], help: 'next byte', run: by(1) },
  { keys: ['h', 'left'], help: 'previous byte', run: by(-1) },
  { keys: ['j', 'down'], help: 'next line of bytes', run: by(perLine) },
  { keys: ['k', 'up'], help: 'previous line of bytes', run: by(-perLine) },
  { keys: ['pagedown', 'C-f', 'space'], help: 'some lines of bytes down', run: by(8 * perLine) },
  { keys: ['pageup', 'C-b'], help: 'some lines of bytes up', run: by(-8 * perLine) },
  { keys: ['g', 'home'], help: 'first byte', run: model => toByte(model, 0) },
  { keys: ['G', 'end'], help: 'last byte', run: model => toByte(model, Number.POSITIVE_INFINITY) },
];

function dumpLine(bytes: Uint8Array, from: number, groundOf: (byte: number) => Ground | undefined): Line {
  const digits: Span[] = [];
  const chars: Span[] = [];
  for (let i = from; i < from + perLine; i++) {
    if (i % perLine === 8) digits.push(span(' '));
    const byte = bytes[i];
    if (byte === undefined) {
      digits.push(span('   '));
      continue;
    }
    const ground = groundOf(i);
    const shown = byte === 0 ? 'faint' : 'plain';
    digits.push(span(byte.toString(16).padStart(2, '0'), shown, ground), span(' '));
    chars.push(span(byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.', shown, ground));
  }
  return [span(`${from.toString(16).padStart(5, '0')}  `, 'faint'), ...digits, span('  '), ...chars];
}

/** The bytes. */
export const view: View = {
  id: 'bytes',
  help: 'the bytes of the message; the selected field is marked',
  key: '3',
  bindings,
  wants: (model): Question[] => {
    const row = rowUnderCursor(model);
    return row ? [detailQuestion(model, row.row)] : [];
  },
  draw: (model, { height }: Size, focused) => {
    const bytes = bytesOf(model);
    const field = currentField(model);
    const { at, top } = kept.of(model);
    const total = Math.ceil(bytes.length / perLine);
    const cursor = Math.min(focused ? at : (field?.offset ?? 0), Math.max(0, bytes.length - 1));
    const first = topFor(top, Math.floor(cursor / perLine), total, height);
    const groundOf = (byte: number): Ground | undefined => {
      if (focused && byte === cursor) return 'cursor';
      return field && byte >= field.offset && byte < field.offset + field.length ? 'match' : undefined;
    };
    const shown = Array.from({ length: Math.max(0, Math.min(height, total - first)) }, (_, i) =>
      dumpLine(bytes, (first + i) * perLine, groundOf),
    );
    const wire = currentDetail(model)?.frame.wireLength ?? bytes.length;
    const about = bytes.length < wire ? `${bytes.length} of ${wire} captured` : `${bytes.length}`;
    return { about: [span(about, 'faint')], lines: shown, scroll: { top: first, total } };
  },
  click: (model, x, y, { height }) => {
    const { at, top } = kept.of(model);
    const total = Math.ceil(bytesOf(model).length / perLine);
    const line = topFor(top, Math.floor(at / perLine), total, height) + y;
    const inLine =
      x >= charsAt ? x - charsAt : Array.from({ length: perLine }, (_, i) => i).findLast(i => x >= digitsAt(i));
    return inLine === undefined || inLine >= perLine ? stay(model) : toByte(model, line * perLine + inLine);
  },
  wheel: (model, lines) => by(lines * perLine)(model),
};
