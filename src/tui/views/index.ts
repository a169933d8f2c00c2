/** The views, in the order of their keys. */
import { view as bytes } from './bytes.ts';
import { view as compare } from './compare.ts';
import { view as compose } from './compose.ts';
import { view as detail } from './detail.ts';
import { view as findings } from './findings.ts';
import { view as held } from './held.ts';
import { view as ladder } from './ladder.ts';
import { view as messages } from './messages.ts';
import { view as replay } from './replay.ts';
import { view as rules } from './rules.ts';
import { view as sessions } from './sessions.ts';
import { view as state } from './state.ts';
import { view as statistics } from './statistics.ts';
import type { View } from './view.ts';

/** Every view; the messages are always on the screen. */
export const views: readonly View[] = [
  ...[messages, detail, bytes, state, findings, ladder, sessions, statistics, compare],
  ...[held, rules, compose, replay],
];

/** The view of an id; the messages where there is none. */
export function viewOf(id: string): View {
  return views.find(view => view.id === id) ?? messages;
}
