/** What a view is: one way to look at a trace. A new one is a file here and a line in `index.ts`. */
import type { Question } from '../../trace/questions.ts';
import type { Binding } from '../binding.ts';
import type { Chart, Line, Size } from '../frame.ts';
import type { Model } from '../model.ts';
import type { Step } from '../step.ts';

/** What stands in a pane: as many lines as it has, or fewer. */
export interface Content {
  /** Behind the view's name in the title line. */
  readonly about?: Line;
  readonly lines: readonly Line[];
  /** How many lines there are in all, and which is the first that is seen: for the mark at the right edge. */
  readonly scroll?: { readonly top: number; readonly total: number };
  /** Charts, with their place in the pane. */
  readonly charts?: readonly { readonly chart: Chart; readonly y: number; readonly height: number }[];
}

/** A view. */
export interface View {
  readonly id: string;
  /** What it shows, in a few words for the list of keys and the palette. */
  readonly help: string;
  /** The key that opens it. */
  readonly key: string;
  /** True, or the reason why it has nothing to show; always true where absent. */
  enabled?(model: Model): true | string;
  readonly bindings: readonly Binding[];
  /** What must be known to draw it. */
  wants(model: Model, size: Size): readonly Question[];
  draw(model: Model, size: Size, focused: boolean): Content;
  /** A click into the content, from its upper left corner. */
  click?(model: Model, x: number, y: number, size: Size): Step;
  /** The wheel was turned by lines, down where positive. */
  wheel?(model: Model, lines: number): Step;
}
