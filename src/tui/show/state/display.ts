/** What a vhost-user-gpu back-end shows. */
import { span } from '../../frame.ts';
import type { Section } from './section.ts';

/** The scanouts and the cursor. */
export const display: Section = {
  title: 'Display',
  lines: ({ state: { display: now } }) => [
    ...Array.from(now.scanouts.values(), ({ id, n, width, height, lastUpdate }) => {
      const drawn = lastUpdate === undefined ? '' : `, drawn by record ${lastUpdate}`;
      return { line: [span(` scanout ${id}: ${width === 0 ? 'off' : `${width}x${height}`}${drawn}`)], n };
    }),
    ...(now.cursor
      ? [
          {
            line: [span(` cursor at ${now.cursor.x},${now.cursor.y} of scanout ${now.cursor.scanout}`)],
            n: now.cursor.n,
          },
        ]
      : []),
  ],
};
