/**
 * Option values of the form `key=value,key=value`, with the place of every field in the text, so that one value can be
 * exchanged while every other byte of the command line stays as it was typed.
 */

/** One field and where it stands. Positions are in UTF-16 units of the text. */
export interface Field {
  key: string;
  /** The value with escapes undone; empty for a bare word, whose `key` is the word. */
  value: string;
  /** True where the field has no `=`. */
  bare: boolean;
  start: number;
  end: number;
  /** Where the value, as written, begins and ends; both are `end` for a bare word. */
  valueStart: number;
  valueEnd: number;
}

/** How a program reads its option values. */
export interface Style {
  /** A comma inside a value is written twice (QEMU). */
  doubledCommas?: boolean;
  /** Commas inside `"…"` and `[…]` belong to the value, and the quotes do not (cloud-hypervisor). */
  nests?: boolean;
}

/** Replaces the text from `start` up to `end`. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Ends of the fields: the positions of the commas that separate, and the end of the text. */
function* fieldEnds(text: string, style: Style): Generator<number> {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (style.nests && char === '"') quoted = !quoted;
    else if (style.nests && !quoted && char === '[') depth++;
    else if (style.nests && !quoted && char === ']') depth--;
    else if (char === ',' && !quoted && depth <= 0) {
      if (style.doubledCommas && text[at + 1] === ',') at++;
      else yield at;
    }
  }
  yield text.length;
}

function unescaped(value: string, style: Style): string {
  if (style.doubledCommas) return value.replaceAll(',,', ',');
  if (style.nests && value.includes('"')) return value.replace(/""|"/g, quote => (quote === '""' ? '"' : ''));
  return value;
}

/** Splits an option's value into its fields. */
export function fieldsOf(text: string, style: Style = {}): Field[] {
  const fields: Field[] = [];
  let start = 0;
  for (const end of fieldEnds(text, style)) {
    const equals = text.slice(start, end).indexOf('=');
    const bare = equals < 0;
    const valueStart = bare ? end : start + equals + 1;
    const key = text.slice(start, bare ? end : start + equals);
    fields.push({
      key,
      value: unescaped(text.slice(valueStart, end), style),
      bare,
      start,
      end,
      valueStart,
      valueEnd: end,
    });
    start = end + 1;
  }
  return fields;
}

/** The last field with a key, which is the one that counts. */
export function lastField(fields: readonly Field[], key: string): Field | undefined {
  return fields.findLast(field => field.key === key && !field.bare);
}

/** The edit that removes a field together with the comma before it, or after it where it is the first. */
export function removal(field: Field, text: string): Edit {
  if (field.start > 0) return { start: field.start - 1, end: field.end, text: '' };
  return { start: 0, end: Math.min(field.end + 1, text.length), text: '' };
}

/** Applies edits that do not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, edit.start) + edit.text + result.slice(edit.end);
  }
  return result;
}
