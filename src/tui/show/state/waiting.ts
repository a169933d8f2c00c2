/** Requests that wait for an answer. */
import { span } from '../../frame.ts';
import type { Section } from './section.ts';

/** Those that wait. */
export const waiting: Section = {
  title: 'Waiting for an answer',
  lines: ({ waiting: requests }) =>
    requests.map(({ n, name }) => ({ line: [span(` ${n} `, 'faint'), span(name, 'name')], n })),
};
