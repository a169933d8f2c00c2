/** Every view at three sizes, as a terminal shows it. */
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineFacts } from '../../src/tui/engine.ts';
import type { ReplayFacts } from '../../src/tui/replay.ts';
import type { Ability } from '../../src/tui/theme.ts';
import { views } from '../../src/tui/views/index.ts';
import { heldLike, holding } from './engine.ts';
import { expectGolden } from './golden.ts';
import { asLines, everyResult, replayOf } from './replaying.ts';
import { able, Stage, shown } from './stage.ts';

const captures = resolve(import.meta.dirname, '../../captures');

const sizes = [
  { width: 80, height: 24 },
  { width: 120, height: 40 },
  { width: 250, height: 80 },
];

/** Where in a capture each view is looked at: keys from its beginning on. */
interface Place {
  readonly capture: string;
  readonly keys: readonly string[];
  /** What a running engine says. */
  readonly engine?: EngineFacts;
  /** What a replay has told. */
  readonly replay?: ReplayFacts;
}

const fs = `${captures}/fs.pcapng`;
/** QEMU's SET_FEATURES is held, and ADD_MEM_REG waits behind it. */
const features = heldLike(fs, 27, { waits: { side: 'front-end', request: 'ADD_MEM_REG', ms: 4100 } });

const places: { readonly [view: string]: Place } = {
  messages: { capture: 'fs', keys: ['j', 'j', 'j', 'j', 'j'] },
  detail: { capture: 'fs', keys: [':', '"28"', 'enter', '2'] },
  state: { capture: 'fs', keys: [':', '"37"', 'enter', '4'] },
  findings: { capture: 'unshared-blk', keys: ['5'] },
  ladder: { capture: 'fs', keys: [':', '"33"', 'enter', '6'] },
  compare: { capture: 'fs', keys: [':', '"32"', 'enter', '=', ':', '"36"', 'enter', '9'] },
  statistics: { capture: 'migration-net-source', keys: ['8'] },
  sessions: { capture: 'reconnect', keys: ['7'] },
  bytes: { capture: 'fs', keys: [':', '"28"', 'enter', '3'] },
  held: { capture: 'fs', keys: ['0'], engine: holding(features, heldLike(fs, 45)) },
  rules: { capture: 'fs', keys: ['R', 'j', 'j'], engine: holding() },
  replay: { capture: 'fs', keys: ['P', 'g'], replay: replayOf(...asLines(everyResult)) },
  compose: { capture: 'fs', keys: ['0', 'e', 'j', 'j', 'j', 'j', 'j', 'enter'], engine: holding(features) },
};

describe.each(sizes)('$width x $height', size => {
  it.each(views.map(({ id }) => id))('%s', async view => {
    const place = places[view];
    if (!place) throw new Error(`test/tui/screens.test.ts does not say where to look at ${view}`);
    const stage = new Stage(`${captures}/${place.capture}.pcapng`, size);
    if (place.engine) stage.act({ type: 'engine', facts: place.engine });
    if (place.replay) stage.act({ type: 'replay', facts: place.replay });
    stage.press(...place.keys);
    expectGolden(`${view}-${size.width}x${size.height}`, await stage.screen());
    stage.close();
  });
});

/** What lies over the views, and terminals that can less. */
const scenes: readonly {
  readonly name: string;
  readonly capture?: string;
  readonly engine?: EngineFacts;
  readonly ability?: Partial<Ability>;
  readonly keys: readonly string[];
}[] = [
  { name: 'help', keys: ['?'] },
  { name: 'filter-offers', keys: ['f', '"SET_VRING_"'] },
  { name: 'filter-flaw', keys: ['f', '"vring.index == first"'] },
  { name: 'palette', keys: [':', '"copy"'] },
  { name: 'phases', keys: ['6', '<', '<', 'z'] },
  {
    name: 'compose-regions',
    capture: 'failures/slots',
    engine: holding(heldLike(`${captures}/failures/slots.pcapng`, 54)),
    keys: ['0', 'e', '}', '}', '}', '}', 'x', 'D', 'k', 'k', 'enter', '"0x1000"'],
  },
  {
    name: 'compose-many',
    capture: 'failures/slots',
    engine: holding(heldLike(`${captures}/failures/slots.pcapng`, 60)),
    keys: ['0', 'e', '}', '}', '}', 'enter', 'j', 'j'],
  },
  {
    name: 'compose-config',
    capture: 'blk',
    engine: holding(heldLike(`${captures}/blk.pcapng`, 22)),
    keys: ['0', 'e', '}', 'j', 'j', 'j', 'j', 'j', 'enter', 'C-u', '"0"', 'enter'],
  },
  { name: 'ascii', ability: { ascii: true }, keys: [':', '"33"', 'enter', '4'] },
];

it.each(scenes)('$name', async ({ name, capture = 'fs', engine, ability, keys }) => {
  const stage = new Stage(`${captures}/${capture}.pcapng`, { width: 80, height: 24 }, { ...able, ...ability });
  if (engine) stage.act({ type: 'engine', facts: engine });
  stage.press(...keys);
  expectGolden(name, await stage.screen());
  stage.close();
});

it('a terminal without UTF-8 gets ASCII characters alone', async () => {
  for (const { id, key } of views) {
    const stage = new Stage(`${captures}/fs.pcapng`, { width: 120, height: 40 }, { ...able, ascii: true });
    stage.act({ type: 'engine', facts: holding(features) });
    stage.act({ type: 'replay', facts: replayOf(...asLines(everyResult)) }).press('0', 'e', key);
    expect(await stage.screen(), id).toMatch(/^[\n\x20-\x7e]*$/);
    stage.close();
  }
});

it('without colours nothing but weight, underlines and inversion is used', async () => {
  const stage = new Stage(`${captures}/unshared-blk.pcapng`, { width: 120, height: 40 }, { ...able, colours: 0 }).press(
    '5',
  );
  const coloured = await shown(stage.frame, stage.model.ability, ({ active }) =>
    Array.from({ length: 40 }, (_, y) => Array.from({ length: 120 }, (_, x) => active.getLine(y)?.getCell(x))).flat(),
  );
  expect(coloured.every(cell => cell?.isFgDefault() && cell.isBgDefault())).toBe(true);
  expect(coloured.some(cell => cell?.isInverse())).toBe(true);
  stage.close();
});
