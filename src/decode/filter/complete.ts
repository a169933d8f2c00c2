/** What may come next in a filter that is being typed: for the UI's input line and the shell. */
import { messagesOf } from '../catalog.ts';
import { channels } from '../frame.ts';
import { fieldNamed, fieldNames } from './fields.ts';
import { eventNames, words } from './words.ts';

/** A word to offer, and what it means. */
export interface Completion {
  /** Replaces the text from `from` on. */
  readonly word: string;
  readonly meaning: string;
}

const operators: readonly Completion[] = [
  { word: '==', meaning: 'equal, also to a range (1..5) or one of a set ({1, 2})' },
  { word: '!=', meaning: 'there, and not equal' },
  { word: '<', meaning: 'less' },
  { word: '<=', meaning: 'not more' },
  { word: '>', meaning: 'more' },
  { word: '>=', meaning: 'not less' },
  { word: 'in', meaning: 'one of a set, as in {1, 4..6}' },
  { word: '~', meaning: 'a pattern occurs in it, as in /^SET_/' },
  { word: '!~', meaning: 'a pattern does not occur in it' },
  { word: 'has', meaning: 'these bits are set' },
  { word: '&', meaning: 'some of these bits are set' },
];

/** Offers for the end of a text: names where a test begins, operators behind a field, values behind those. */
export function completeFilter(text: string): { from: number; offers: readonly Completion[] } {
  const typed = /[\w.-]*$/.exec(text)?.[0] ?? '';
  const from = text.length - typed.length;
  const before = text.slice(0, from).trimEnd();
  const field = /([a-z_][\w.-]*)\s*(?:==|=|!=|<=|>=|<|>|\bin|\bhas|&|~)\s*(?:\{[^}]*)?$/i.exec(before)?.[1];
  const selector = field === undefined ? undefined : fieldNamed(field);
  const starting = (offers: readonly Completion[]) => {
    const wanted = typed.toLowerCase();
    return offers.filter(({ word }) => word.toLowerCase().startsWith(wanted));
  };
  if (selector) return { from, offers: starting((selector.names ?? []).map(word => ({ word, meaning: '' }))) };
  const last = /([a-z_][\w.-]*)$/i.exec(before)?.[1];
  if (last !== undefined && /\s/.test(text[from - 1] ?? '') && fieldNamed(last))
    return { from, offers: starting(operators) };
  return { from, offers: starting(names()) };
}

function names(): Completion[] {
  return [
    ...channels.flatMap(channel => messagesOf[channel].map(({ name, doc }) => ({ word: name, meaning: doc }))),
    ...fieldNames().flatMap(word => {
      // Paths are understood; names by meaning are offered, they are the same everywhere.
      const field = word.startsWith('payload.') ? undefined : fieldNamed(word);
      return field ? [{ word, meaning: field.doc }] : [];
    }),
    ...Object.keys(words).map(word => ({ word, meaning: 'only such records' })),
    ...eventNames.map(word => ({ word, meaning: 'events of that name' })),
    { word: 'not', meaning: 'the opposite' },
  ];
}
