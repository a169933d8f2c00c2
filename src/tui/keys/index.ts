/** All keys: those of every place, those that open a view, those of each view. */
import type { Binding } from '../binding.ts';
import type { Model } from '../model.ts';
import { stay } from '../step.ts';
import { viewOf, views } from '../views/index.ts';
import { globalBindings } from './global.ts';

/** A key that opens each view. */
export const openingBindings: readonly Binding[] = views.map(({ id, key, help }) => ({
  keys: [key],
  help: `show ${help}`,
  run: model => stay(showing(model, id)),
}));

/** The view where the keys go, and in the second place unless it is the messages. */
export function showing(model: Model, view: string): Model {
  return { ...model, focus: view, side: view === 'messages' ? model.side : view };
}

/** The bindings that count at this moment, the nearest first. */
export function bindingsAt(model: Model): readonly (readonly Binding[])[] {
  return [viewOf(model.focus).bindings, globalBindings, openingBindings];
}

/** Every binding there is; `view` is where it belongs. */
export function allBindings(): { readonly view?: string; readonly binding: Binding }[] {
  return [
    ...[...globalBindings, ...openingBindings].map(binding => ({ binding })),
    ...views.flatMap(({ id, bindings }) => bindings.map(binding => ({ view: id, binding }))),
  ];
}
