/**
 * Keys and what they do, as rows. The key line, the list of keys, the palette and `docs/keys.md` are made from them, so
 * that they cannot disagree with what happens.
 */
import type { Model } from './model.ts';
import { type Step, saying, stay } from './step.ts';
import { type About, isTold, waitingFor } from './waiting.ts';

/**
 * One action and the keys that run it; the first key is the one that is shown. `y t` is pressed one after the other, in
 * `m *` any key follows.
 */
export interface Binding {
  readonly keys: readonly string[];
  /** What it does, as the palette and the list of keys say it: lower case, no full stop. */
  readonly help: string;
  /** One word or two for the key line; absent where it does not belong there. */
  readonly short?: string;
  /** What of the messages must be known: the key waits until the trace has told it. */
  readonly about?: About;
  /** True, or the reason why it cannot be done now. */
  enabled?(model: Model): true | string;
  /** @param key the last key that was pressed */
  run(model: Model, key: string): Step;
}

/** True, or why a binding cannot be used now; what it is about is asked only when it is used. */
export function ableTo({ about, enabled }: Binding, model: Model): true | string {
  return isTold(model, about) ? (enabled?.(model) ?? true) : true;
}

/** Runs a binding, has it wait for what it is about, or says why that cannot be done. */
export function runBinding(binding: Binding, model: Model, key = ''): Step {
  if (!isTold(model, binding.about)) return stay(waitingFor(model, keysFor(binding, key)));
  const able = ableTo(binding, model);
  return able === true ? binding.run(model, key) : stay(saying(model, able));
}

/** The first binding that has a key, behind the key that was pressed before where one waits. */
export function boundTo(bindings: readonly Binding[], key: string, pending: string | undefined): Binding | undefined {
  const wanted = pending === undefined ? [key] : [`${pending} ${key}`, `${pending} *`];
  return bindings.find(({ keys }) => keys.some(one => wanted.includes(one)));
}

/** The keys that somebody has pressed to run a binding; its first ones where it was chosen by its name. */
function keysFor({ keys }: Binding, key: string): string[] {
  if (key === '') return (keys[0] ?? '').split(' ');
  const whole = keys.find(one => one === key || one.endsWith(` ${key}`) || one.endsWith(' *')) ?? key;
  return [...whole.split(' ').slice(0, -1), key];
}

/** The bindings that go on with a key. */
export function continuing(bindings: readonly Binding[], key: string): Binding[] {
  return bindings.filter(({ keys }) => keys.some(one => one.startsWith(`${key} `)));
}

/** Names of keys as people write them. */
export function keyName(key: string): string {
  const named: { readonly [key: string]: string } = {
    up: 'Up',
    down: 'Down',
    left: 'Left',
    right: 'Right',
    pageup: 'PgUp',
    pagedown: 'PgDn',
    home: 'Home',
    end: 'End',
    enter: 'Enter',
    escape: 'Esc',
    tab: 'Tab',
    'S-tab': 'Shift-Tab',
    space: 'Space',
  };
  if (key.length > 1 && key.includes(' ')) return key.replace('*', 'a-z');
  return named[key] ?? key.replace(/^C-(.)$/, (_, letter: string) => `Ctrl-${letter.toUpperCase()}`);
}
