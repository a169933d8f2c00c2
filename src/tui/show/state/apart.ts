/** What the back-end knows otherwise than the front-end, after a rule or a person has stepped in. */
import { span } from '../../frame.ts';
import { drawable, padded } from '../../width.ts';
import type { Section } from './section.ts';

const whatWidth = 28;

/** Both sides beside each other. All other sections show what the front-end knows. */
export const apart: Section = {
  title: 'Known otherwise to the back-end',
  lines: ({ apart: all }) =>
    all.map(({ what, frontEnd, backEnd }) => ({
      line: [
        span(` ${padded(drawable(what), whatWidth)} `, 'name'),
        span(drawable(frontEnd), 'frontEnd'),
        span('  but  ', 'faint'),
        span(drawable(backEnd), 'backEnd'),
      ],
    })),
};
