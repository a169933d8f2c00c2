/** Everything that can be asked of a running engine is reached by a key, by its name in the palette, and by `ctl`. */
import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type CtlFlags, verbs } from '../../src/cli/ctl/index.ts';
import type { ControlClient } from '../../src/control/client.ts';
import { type RequestName, requests } from '../../src/control/messages.ts';
import { keyGroups } from '../../src/tui/keys/index.ts';
import type { Effect } from '../../src/tui/step.ts';
import { heldLike, holding } from './engine.ts';
import { Stage } from './stage.ts';

/** Requests that only ask; the viewer and ctl ask them by themselves. */
const questions = ['hello', 'status', 'subscribe', 'holds', 'rules'] as const satisfies readonly RequestName[];
type OrderName = Exclude<RequestName, (typeof questions)[number]>;

/** How each of the others is given. */
const ways: {
  readonly [name in OrderName]: {
    /** The view it is given in, where it is not reached everywhere. */
    readonly view?: string;
    /** The key of the action, and what is typed after it. */
    readonly key: string;
    readonly typed?: readonly string[];
    readonly ctl: readonly string[];
  };
} = {
  note: { key: 'c', typed: ['"here"', 'enter'], ctl: ['note', '27:', 'here'] },
  hold: { key: 'B', typed: ['"SET_OWNER"', 'enter'], ctl: ['hold', 'SET_OWNER'] },
  unhold: { view: 'rules', key: 'x', ctl: ['unhold', 'b1'] },
  release: { key: 'a', ctl: ['release', '26'] },
  step: { key: 's', ctl: ['step', '26'] },
  edit: {
    view: 'held',
    key: 'e',
    typed: ['j', 'j', 'j', 'j', 'j', 'space', 'w'],
    ctl: ['edit', '26', 'features=VERSION_1'],
  },
  prolong: { key: 'T', ctl: ['prolong', '26'] },
  drop: { key: 'd', ctl: ['drop', '26'] },
  answer: { key: '@', typed: ['"ok"', 'enter'], ctl: ['answer', '26', 'ok'] },
  close: { key: 'X', ctl: ['close', '26'] },
  inject: { key: 'i', typed: ['"GET_QUEUE_NUM"', 'enter', 'a'], ctl: ['inject', 'F→B GET_QUEUE_NUM'] },
  switch: { view: 'rules', key: 'space', ctl: ['off', 'b1'] },
  load: { view: 'rules', key: 'l', ctl: ['load'] },
  rotate: { key: 'O', ctl: ['rotate'] },
  stop: { key: 'Q', typed: ['down', 'enter'], ctl: ['stop'] },
};
const orders = Object.entries(ways).map(([name, way]) => ({ name: name as OrderName, ...way }));

const capture = resolve(import.meta.dirname, '../../captures/fs.pcapng');
let stage: Stage;
beforeEach(() => {
  stage = new Stage(capture, { width: 120, height: 40 });
  stage.act({ type: 'engine', facts: holding(heldLike(capture, 27)) });
});
afterEach(() => stage.close());

/** What of the effects an engine would be asked. */
function asked(effects: readonly Effect[]): string[] {
  return effects.flatMap(effect => {
    if (effect.type === 'order') return effect.order.request;
    if (effect.type === 'note') return 'note';
    return effect.type === 'stop-engine' ? 'stop' : [];
  });
}

it('no request is forgotten here', () => {
  expect([...questions, ...Object.keys(ways)].sort()).toEqual(Object.keys(requests).sort());
});

it.each(orders)('$name by its key', ({ name, view, key, typed = [] }) => {
  if (view !== undefined) stage.press(view === 'rules' ? 'R' : '0');
  // The first breakpoint.
  if (view === 'rules') stage.press('g', 'j');
  stage.press(key, ...typed);
  expect(asked(stage.effects)).toContain(name);
});

it.each(orders)('$name by its name', ({ name, view, key, typed = [] }) => {
  const group = keyGroups.find(each => each.view === view && each.bindings.some(({ keys }) => keys.includes(key)));
  const binding = group?.bindings.find(({ keys }) => keys.includes(key));
  if (!binding) throw new Error(`no binding for ${key}`);
  if (view === 'rules') stage.press('R', 'g', 'j', '1');
  stage.press(':', `"${view === undefined ? '' : `${view}: `}${binding.help}"`, 'enter', ...typed);
  expect(asked(stage.effects)).toContain(name);
});

it.each(orders)('$name by ctl', async ({ name, ctl: [word = '', ...args] }) => {
  const requested: [string, unknown][] = [];
  const engine = {
    request: (request: RequestName, params: unknown) => {
      requested.push([request, params]);
      const obeyed = { n: 26, done: true, state: 'sent' };
      const every = {
        ...obeyed,
        released: [obeyed],
        removed: [],
        rules: 0,
        files: [],
        name: 'b1',
        held: [],
        from: 'a',
        to: 'b',
      };
      return Promise.resolve(every);
    },
    closed: Promise.resolve(),
  } as unknown as ControlClient;
  const verb = verbs[word];
  if (!verb || !('run' in verb)) throw new Error(`ctl has no verb ${word}`);
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await verb.run(engine, args, {} as CtlFlags).finally(() => printed.mockRestore());
  const [[request, params] = []] = requested;
  expect(request).toBe(name);
  expect(requests[name].params.safeParse(params)).toMatchObject({ success: true });
});
