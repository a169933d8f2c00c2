/** All keys, in groups: those of a view, and those that count everywhere. A new group is a file here and a line below. */
import type { Binding } from '../binding.ts';
import type { Model } from '../model.ts';
import { stay } from '../step.ts';
import { viewOf, views } from '../views/index.ts';
import type { View } from '../views/view.ts';
import { copyBindings } from './copying.ts';
import { globalBindings } from './global.ts';
import { jumpBindings } from './jumps.ts';
import { steppingBindings } from './stepping.ts';

/** Keys that belong together. */
export interface KeyGroup {
  readonly title: string;
  /** The view where they count; everywhere where absent. */
  readonly view?: string;
  readonly bindings: readonly Binding[];
}

/** A key that opens each view. */
const openingBindings: readonly Binding[] = views.map(({ id, key, help, enabled }) => ({
  keys: [key],
  help: `show ${help}`,
  ...(enabled && { enabled }),
  run: model => stay(showing(model, id)),
}));

const everywhere: readonly KeyGroup[] = [
  { title: 'Holding and changing messages', bindings: steppingBindings },
  { title: 'Everywhere', bindings: globalBindings },
  { title: 'Going to other messages', bindings: jumpBindings },
  { title: 'Copying, and other programs', bindings: copyBindings },
  { title: 'Views', bindings: openingBindings },
];

const groupOf = ({ id, help, bindings }: View): KeyGroup => ({ title: `In ${id}: ${help}`, view: id, bindings });

/** Every group there is. */
export const keyGroups: readonly KeyGroup[] = [...everywhere, ...views.map(groupOf)];

/** The groups that count at this moment, the nearest first. */
export function groupsAt(model: Model): readonly KeyGroup[] {
  const nearest = groupOf(viewOf(model.focus));
  const taken = new Set(nearest.bindings.flatMap(({ keys }) => keys));
  const left = (bindings: readonly Binding[]): readonly Binding[] =>
    bindings.flatMap(binding => {
      const keys = binding.keys.filter(key => !taken.has(key));
      return keys.length === binding.keys.length ? binding : keys.length > 0 ? { ...binding, keys } : [];
    });
  return [nearest, ...everywhere.map(group => ({ ...group, bindings: left(group.bindings) }))];
}

/** Their bindings. */
export function bindingsAt(model: Model): readonly Binding[] {
  return groupsAt(model).flatMap(({ bindings }) => bindings);
}

/** The view where the keys go, and in the second place unless it is the messages. */
export function showing(model: Model, view: string): Model {
  return { ...model, focus: view, side: view === 'messages' ? model.side : view };
}
