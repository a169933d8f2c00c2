/** The declared sentences about events and findings, and what may not be shown as it is, as tables for the dissector. */
import type { Part } from '../../../decode/phrase.ts';
import { sentences } from '../../../decode/text/event.ts';
import type { LuaValue } from './literal.ts';

/** Every sentence, taken apart. */
export function sentenceTables(): { readonly [name: string]: LuaValue } {
  const said = sentences();
  const events = Object.entries(said.events).map(([name, parts]) => [name, partRows(parts)] as const);
  return {
    events: Object.fromEntries(events),
    other: partRows(said.other),
    finding: partRows(said.finding),
  };
}

function partRows(parts: readonly Part[]): readonly LuaValue[] {
  return parts.map(part => {
    if (typeof part === 'string') return part;
    if ('value' in part) return { kind: 'value', ...part };
    if ('rest' in part) return { kind: 'rest', ...part };
    if ('optional' in part) return { kind: 'optional', optional: partRows(part.optional) };
    const { of, are, otherwise, absent } = part;
    const byValue = Object.fromEntries(Object.entries(are).map(([value, each]) => [value, partRows(each)]));
    return { kind: 'choice', of, are: byValue, otherwise: partRows(otherwise), absent: partRows(absent) };
  });
}

/**
 * Of what `plain` escapes, what steers or hides. Unlike the rest of it, this does not grow with each version of Unicode,
 * so the generated file does not depend on whose tables made it.
 */
const unsafe = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;
const lastCodePoint = 0x10ffff;

/** Ranges of code points that must not be shown as they are: the first and the last of each. */
export function unsafeRanges(): readonly (readonly [first: number, last: number])[] {
  const ranges: [number, number][] = [];
  for (let code = 0; code <= lastCodePoint; code++) {
    if (!unsafe.test(String.fromCodePoint(code))) continue;
    const range = ranges.at(-1);
    if (range?.[1] === code - 1) range[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}
