/** The kinds of prompt. */
import { prompt as answer } from './answer.ts';
import { prompt as descriptor } from './descriptor.ts';
import { prompt as entry } from './entry.ts';
import { prompt as field } from './field.ts';
import { prompt as filter } from './filter.ts';
import { prompt as hold } from './hold.ts';
import { prompt as inject } from './inject.ts';
import { prompt as insist } from './insist.ts';
import { prompt as leave } from './leave.ts';
import { prompt as load } from './load.ts';
import { prompt as note } from './note.ts';
import { prompt as palette } from './palette.ts';
import type { PromptKind } from './prompt.ts';
import { prompt as replay } from './replay.ts';
import { prompt as row } from './row.ts';
import { prompt as save } from './save.ts';
import { backward, forward } from './search.ts';
import { hex, line } from './whole.ts';

/** Every kind. */
export const prompts: readonly PromptKind[] = [
  ...[filter, forward, backward, palette, note, save, leave],
  ...[hold, answer, inject, field, row, entry, line, hex, insist, descriptor, load, replay],
];

/** The kind of an id. */
export function promptOf(id: string): PromptKind {
  return prompts.find(prompt => prompt.id === id) ?? filter;
}
