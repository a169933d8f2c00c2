/** The session after the message under the cursor: moving the cursor moves the state. */

import { deviceById } from '../../decode/spec/devices/index.ts';
import type { ConnectionState } from '../../trace/questions.ts';
import { span } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, type ListedLine, lineList } from '../keys/lines.ts';
import { recall } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { atTop } from '../scroll.ts';
import { sections } from '../show/state/index.ts';
import { stay } from '../step.ts';
import { goToNumber } from '../travel.ts';
import { drawable } from '../width.ts';
import { rowUnderCursor } from './messages.ts';
import type { View } from './view.ts';

interface StateListLine extends ListedLine {
  /** Number of the record that set what is shown. */
  readonly n?: number;
}

const kept = slot<KeptScroll>('state', { scroll: atTop });

function connectionOf(model: Model): ConnectionState | undefined {
  const row = rowUnderCursor(model);
  return row && recall(model.known, { kind: 'state', row: row.row });
}

function linesOf(model: Model): StateListLine[] {
  const connection = connectionOf(model);
  if (!connection) return [{ line: [span(' this record belongs to no connection', 'faint')] }];
  const width = (paneOf(model, 'state')?.box.width ?? model.size.width) - 1;
  const look = { width, glyphs: glyphsFor(model.ability.ascii) };
  const shown = sections.flatMap(({ title, lines }): StateListLine[] => {
    const found = lines(connection, look);
    return found.length === 0 ? [] : [{ line: [span(title, 'title')], heading: true }, ...found, { line: [] }];
  });
  return shown.length > 0 ? shown : [{ line: [span(' nothing was said yet', 'faint')] }];
}

const list = lineList('state', 'line', kept, linesOf);

/** The state. */
export const view: View = {
  id: 'state',
  help: 'the state of the session after the message',
  key: '4',
  bindings: [
    ...list.bindings,
    {
      keys: ['enter'],
      help: 'go to the message that set what the line shows',
      short: 'setter',
      enabled: model => list.current(model)?.n !== undefined || 'no message stands behind this line',
      run: model => {
        const n = list.current(model)?.n;
        return n === undefined ? stay(model) : goToNumber(model, n);
      },
    },
  ],
  wants: model => {
    const row = rowUnderCursor(model);
    return row ? [{ kind: 'state', row: row.row }] : [];
  },
  draw: (model, size, focused) => {
    const connection = connectionOf(model);
    const about = connection && [
      span(`after ${connection.n}, session ${connection.session}.${connection.epoch} `, 'faint'),
      span(drawable(deviceById(connection.device)?.title ?? ''), 'faint'),
      ...(connection.ended ? [span(' ended', 'warn')] : []),
    ];
    return { ...list.draw(model, size, focused), ...(about && { about }) };
  },
  click: list.click,
  wheel: list.wheel,
};
