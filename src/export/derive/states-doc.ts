/** docs/states.md: the life of rings and migrations, drawn from the tables that the session fold follows. */
import { postcopyTransitions, transferTransitions } from '../../decode/session/migration.ts';
import { runningTransitions, switchedTransitions } from '../../decode/session/vring.ts';

type Table = { readonly [state: string]: { readonly [event: string]: string } };

/** A table of transitions as a Mermaid state diagram; the first state is the initial one. */
function diagram(table: Table): string {
  const [first] = Object.keys(table);
  const arrows = Object.entries(table).flatMap(([state, events]) =>
    Object.entries(events).map(([event, next]) => `  ${state} --> ${next}: ${event}`),
  );
  return ['```mermaid', 'stateDiagram-v2', `  [*] --> ${first}`, ...arrows, '```'].join('\n');
}

const diagrams: readonly (readonly [title: string, text: string, table: Table])[] = [
  [
    'A ring runs',
    'Started by its kick descriptor (or the first in-band kick), stopped when its base is asked for. What the back-end does with buffers depends on whether it is enabled as well.',
    runningTransitions,
  ],
  [
    'A ring is enabled',
    'Independent of whether it runs. Without PROTOCOL_FEATURES rings are enabled as soon as features are set.',
    switchedTransitions,
  ],
  ['Postcopy', 'On the destination of a migration.', postcopyTransitions],
  [
    'Transfer of device state',
    'The answer to SET_DEVICE_STATE_FD decides whether it runs; CHECK_DEVICE_STATE whether it was complete.',
    transferTransitions,
  ],
];

/** The text of docs/states.md. */
export function statesDoc(): string {
  const sections = diagrams.map(([title, text, table]) => `## ${title}\n\n${text}\n\n${diagram(table)}`);
  return `<!-- generated: npm run generate -->
# States

What vhuscope follows of a connection, as tables in \`src/decode/session/\`. Messages that a state does not name leave it as
it is.

${sections.join('\n\n')}
`;
}
