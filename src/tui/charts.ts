/**
 * Charts on the screen: the one file that knows blessed-contrib. Its widgets are heavy, so each is loaded when the first
 * chart of its kind is shown, by its path.
 */
import type blessed from 'blessed';
import type { Box, Chart, PlacedChart } from './frame.ts';
import type { Look } from './theme.ts';

/** A widget of blessed-contrib, as far as it is used here. */
interface Widget extends blessed.Widgets.BoxElement {
  setData(data: object): void;
}

type MakeWidget = (options: object) => Widget;

/** Colours of a chart. */
export interface ChartLook {
  readonly line: Look;
  readonly text: Look;
}

/** How each kind of chart is loaded, made and fed. */
const kinds: {
  readonly [kind in Chart['kind']]: {
    load(): Promise<{ readonly default: unknown }>;
    options(chart: Chart, box: Box, look: ChartLook): object;
    data(chart: Chart): object;
  };
} = {
  line: {
    load: () => import('blessed-contrib/lib/widget/charts/line.js'),
    options: ({ labels }, { width }, { line, text }) => ({
      wholeNumbersOnly: true,
      showNthLabel: Math.max(1, Math.ceil((labels.length * 12) / width)),
      style: { line: line.fg ?? 'white', text: text.fg ?? 'white', baseline: text.fg ?? 'white' },
    }),
    data: ({ labels, values, title }) => [{ title, x: labels, y: values }],
  },
  bar: {
    load: () => import('blessed-contrib/lib/widget/charts/bar.js'),
    options: ({ values, labels }, { width }, { line, text }) => {
      const barSpacing = Math.max(8, Math.min(14, Math.floor((width - 6) / Math.max(1, labels.length))));
      const colours = { barBgColor: line.fg ?? 'white', barFgColor: 16, labelColor: text.fg ?? 'white' };
      return { barWidth: barSpacing - 4, barSpacing, xOffset: 1, maxHeight: Math.max(1, ...values), ...colours };
    },
    data: ({ labels, values }) => ({ titles: labels, data: values }),
  },
};

/** The charts that are shown. */
export class Charts {
  readonly #screen: blessed.Widgets.Screen;
  readonly #look: ChartLook;
  readonly #again: () => void;
  readonly #made = new Map<Chart['kind'], MakeWidget | 'loading'>();
  #shown = new Map<string, Widget>();
  /** Resolves once the widgets that were asked for last are loaded. */
  loaded: Promise<void> = Promise.resolve();

  /** @param again is called once a kind of chart is loaded that could not be shown before */
  constructor(screen: blessed.Widgets.Screen, look: ChartLook, again: () => void) {
    this.#screen = screen;
    this.#look = look;
    this.#again = again;
  }

  /** Puts charts into the cells of the screen, over what is there, and takes away those that were shown before. */
  paint(charts: readonly PlacedChart[]): void {
    const shown = new Map<string, Widget>();
    for (const placed of charts) {
      const key = JSON.stringify([placed.box, placed.chart.kind, placed.chart.title, placed.chart.labels]);
      const widget = this.#shown.get(key) ?? this.#make(placed);
      if (!widget) continue;
      this.#shown.delete(key);
      shown.set(key, widget);
      widget.setData(kinds[placed.chart.kind].data(placed.chart));
      widget.render();
    }
    for (const widget of this.#shown.values()) widget.destroy();
    this.#shown = shown;
  }

  #make({ chart, box }: PlacedChart): Widget | undefined {
    const kind = kinds[chart.kind];
    const make = this.#made.get(chart.kind);
    if (make === undefined) {
      this.#made.set(chart.kind, 'loading');
      const before = this.loaded;
      this.loaded = kind.load().then(async ({ default: loaded }) => {
        await before;
        this.#made.set(chart.kind, loaded as MakeWidget);
        this.#again();
      });
    }
    if (make === undefined || make === 'loading') return undefined;
    const { x: left, y: top, width, height } = box;
    const widget = make({
      left,
      top,
      width,
      height,
      label: ` ${chart.title} `,
      ...kind.options(chart, box, this.#look),
    });
    this.#screen.append(widget);
    return widget;
  }
}
