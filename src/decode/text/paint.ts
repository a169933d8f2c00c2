/** Colours of a terminal. They mean the same everywhere: who speaks, what is named, what is wrong, what is aside. */
import type { LineBuffer } from '../line-buffer.ts';

/** What a colour stands for, as the parameters of the escape sequence that sets it. */
export const paint = {
  none: '0',
  /** Words of the front-end and of the back-end. */
  frontEnd: '36',
  backEnd: '35',
  name: '1',
  faint: '2',
  /** Descriptors. */
  fd: '33',
  bad: '31;1',
  event: '34',
} as const;

/** Switches a colour on or off, or does nothing where output is plain. */
export type Paint = (out: LineBuffer, colour: string) => void;

/** For a terminal. */
export const inColour: Paint = (out, colour) => {
  out.ascii(`\x1b[${colour}m`);
};

/** For pipes and files. */
export const inPlain: Paint = () => {};
