/** The kinds of prompt. */
import { prompt as filter } from './filter.ts';
import { prompt as leave } from './leave.ts';
import { prompt as note } from './note.ts';
import { prompt as palette } from './palette.ts';
import type { PromptKind } from './prompt.ts';
import { prompt as save } from './save.ts';
import { backward, forward } from './search.ts';

/** Every kind. */
export const prompts: readonly PromptKind[] = [filter, forward, backward, palette, note, save, leave];

/** The kind of an id. */
export function promptOf(id: string): PromptKind {
  return prompts.find(prompt => prompt.id === id) ?? filter;
}
