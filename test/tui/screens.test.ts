/** Every view at three sizes, as a terminal shows it. */
import { resolve } from 'node:path';
import { describe, it } from 'vitest';
import { views } from '../../src/tui/views/index.ts';
import { expectGolden } from './golden.ts';
import { Stage } from './stage.ts';

const captures = resolve(import.meta.dirname, '../../captures');

const sizes = [
  { width: 80, height: 24 },
  { width: 120, height: 40 },
  { width: 250, height: 80 },
];

/** Where in a capture each view is looked at: keys from its beginning on. */
const places: { readonly [view: string]: { readonly capture: string; readonly keys: readonly string[] } } = {
  messages: { capture: 'fs', keys: ['j', 'j', 'j', 'j', 'j'] },
  detail: { capture: 'fs', keys: [':', '"28"', 'enter', '2'] },
  state: { capture: 'fs', keys: [':', '"37"', 'enter', '4'] },
  findings: { capture: 'unshared-blk', keys: ['5'] },
  ladder: { capture: 'fs', keys: [':', '"33"', 'enter', '6'] },
  compare: { capture: 'fs', keys: [':', '"32"', 'enter', '=', ':', '"36"', 'enter', '9'] },
  statistics: { capture: 'migration-net-source', keys: ['8'] },
  sessions: { capture: 'reconnect', keys: ['7'] },
  bytes: { capture: 'fs', keys: [':', '"28"', 'enter', '3'] },
};

describe.each(sizes)('$width x $height', size => {
  it.each(views.map(({ id }) => id))('%s', async view => {
    const place = places[view];
    if (!place) throw new Error(`test/tui/screens.test.ts does not say where to look at ${view}`);
    const stage = new Stage(`${captures}/${place.capture}.pcapng`, size).press(...place.keys);
    expectGolden(`${view}-${size.width}x${size.height}`, await stage.screen());
    stage.close();
  });
});
