/** A part of the state view: what it is called, and its lines where there is something to tell. */
import type { ConnectionState } from '../../../trace/questions.ts';
import type { Line } from '../../frame.ts';
import type { Glyphs } from '../../glyphs.ts';

/** A line, and the record that is behind it. */
export interface StateLine {
  readonly line: Line;
  /** Number of the record that set what the line shows. */
  readonly n?: number;
}

/** What sections are drawn with. */
export interface StateLook {
  readonly width: number;
  readonly glyphs: Glyphs;
}

/** One section; a new one is a file here and a line in `index.ts`. */
export interface Section {
  readonly title: string;
  /** No lines where nothing was said about it. */
  lines(connection: ConnectionState, look: StateLook): readonly StateLine[];
}
