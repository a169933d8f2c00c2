/** Messages that follow each other, selected in the list: from where `v` was pressed to the cursor. */
import type { Model } from './model.ts';
import { type Step, stay } from './step.ts';

/** Positions of what is chosen. */
export interface Part {
  readonly from: number;
  readonly count: number;
}

/** What is selected; undefined where nothing is. */
export function selectedPart({ list: { anchor, cursor } }: Model): Part | undefined {
  if (anchor === undefined) return undefined;
  return { from: Math.min(anchor, cursor), count: Math.abs(anchor - cursor) + 1 };
}

/** Begins to select at the cursor, where messages can be gone through; or gives the selection up. */
export function selectOrNot(model: Model): Step {
  const { anchor, ...list } = model.list;
  if (anchor !== undefined) return stay({ ...model, list });
  const there =
    model.focus === 'ladder'
      ? model
      : { ...model, focus: 'messages', zoomed: model.zoomed && model.focus === 'messages' };
  return stay({ ...there, list: { ...list, anchor: list.cursor } });
}
