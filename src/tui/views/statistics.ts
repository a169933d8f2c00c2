/** Counts, latencies, rates. Bars are text; where there is room and colour, charts stand above them. */
import { duration } from '../../decode/text/remarks.ts';
import type { Statistics } from '../../trace/statistics.ts';
import { type Chart, type Line, type Size, span } from '../frame.ts';
import { type Glyphs, glyphsFor } from '../glyphs.ts';
import { type KeptScroll, type ListedLine, lineList } from '../keys/lines.ts';
import { recall } from '../known.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot, surveyedUpTo } from '../model.ts';
import { remembered } from '../remember.ts';
import { atTop } from '../scroll.ts';
import { sizeText } from '../show/descriptor.ts';
import { stay } from '../step.ts';
import { goTo } from '../travel.ts';
import { aligned, drawable, padded } from '../width.ts';
import type { Content, View } from './view.ts';

interface StatisticsLine extends ListedLine {
  readonly row?: number;
}

const kept = slot<KeptScroll>('statistics', { scroll: atTop });

/** From this size on charts are drawn; they take half of the height. */
const chartSize: Size = { width: 90, height: 24 };

/** Points of the curve over time. */
const mostPoints = 32;

function statisticsOf(model: Model): Statistics | undefined {
  return recall(model.known, { kind: 'statistics', surveyed: surveyedUpTo(model) });
}

/** A share as a bar, to an eighth of the room at least where there is anything. */
function bar(part: number, most: number, room: number, { full, half }: Glyphs): string {
  const length = most === 0 ? 0 : (part / most) * room;
  return full.repeat(Math.floor(length)) + (length % 1 >= 0.5 || (part > 0 && length < 1) ? half : '');
}

const linesFor = remembered((statistics: Statistics, width: number, ascii: boolean): StatisticsLine[] => {
  const glyphs = glyphsFor(ascii);
  const micro = `${glyphs.micro}s`;
  const room = Math.max(10, Math.min(50, width - 66));
  const title = (text: string): StatisticsLine => ({ line: [span(text, 'title')], heading: true });
  const { names, latencies, percentiles, slowest, rate } = statistics;
  const mostNamed = Math.max(0, ...names.map(({ requests, replies }) => requests + replies));
  const mostInBucket = Math.max(0, ...latencies.map(({ count }) => count));
  const mostInStretch = Math.max(0, ...rate.counts);
  const percent = ({ percent: of, ns }: Statistics['percentiles'][number]): Line => [
    span(` ${aligned(of === 100 ? 'slowest' : `${of}%`, 8)} `, 'key'),
    span(duration(Math.round(ns), micro)),
  ];
  return [
    title('Messages by name'),
    {
      line: [
        span(` ${padded('', 30)} ${aligned('requests', 9)} ${aligned('replies', 9)} ${aligned('bytes', 8)}`, 'faint'),
      ],
    },
    ...names.map(({ name, requests, replies, bytes }) => ({
      line: [
        span(` ${padded(drawable(name), 30)} `, 'name'),
        span(`${aligned(String(requests), 9)} ${aligned(String(replies), 9)} ${aligned(sizeText(bytes), 8)}  `),
        span(bar(requests + replies, mostNamed, room, glyphs), 'event'),
      ],
    })),
    { line: [] },
    title('Latency of answers'),
    ...percentiles.map(one => ({ line: percent(one) })),
    ...latencies.map(({ most, count }) => ({
      line: [
        span(` up to ${padded(duration(most, micro), 9)} ${aligned(String(count), 9)}  `, 'plain'),
        span(bar(count, mostInBucket, room, glyphs), 'event'),
      ],
    })),
    { line: [] },
    title('Slowest answers'),
    ...slowest.map(({ row, n, name, latencyNs }) => ({
      row,
      line: [
        span(` ${aligned(String(n), 8)} `, 'faint'),
        span(`${aligned(duration(latencyNs, micro), 9)}  `),
        span(drawable(name), 'name'),
      ],
    })),
    { line: [] },
    title(
      `Messages over time, each line ${duration(rate.stretchNs * Math.ceil(rate.counts.length / mostPoints), micro)}`,
    ),
    ...inParts(rate.counts, mostPoints).map((count, i) => ({
      line: [
        span(` ${aligned(String(i), 4)} ${aligned(String(count), 9)}  `),
        span(bar(count, mostInStretch * Math.ceil(rate.counts.length / mostPoints), room, glyphs), 'event'),
      ],
    })),
  ];
});

/** The numbers added up to at most so many. */
function inParts(counts: readonly number[], most: number): number[] {
  const each = Math.ceil(counts.length / most);
  return Array.from({ length: Math.ceil(counts.length / Math.max(1, each)) }, (_, i) =>
    counts.slice(i * each, (i + 1) * each).reduce((sum, count) => sum + count, 0),
  );
}

function linesOf(model: Model): readonly StatisticsLine[] {
  const statistics = statisticsOf(model);
  if (!statistics) return [{ line: [span(' nothing was counted yet', 'faint')] }];
  return linesFor(statistics, (paneOf(model, 'statistics')?.box.width ?? model.size.width) - 1, model.ability.ascii);
}

const list = lineList('statistics', 'line', kept, linesOf);

/** The rate as a line over time, and latencies as bars. */
function chartsOf(statistics: Statistics, ascii: boolean): Chart[] {
  const micro = ascii ? 'us' : 'µs';
  const { rate, latencies } = statistics;
  const values = inParts(rate.counts, mostPoints);
  const pointNs = rate.stretchNs * Math.ceil(rate.counts.length / mostPoints);
  return [
    {
      kind: 'line',
      title: `messages in each ${duration(pointNs, micro)}`,
      labels: values.map((_, i) => duration(i * pointNs, micro)),
      values,
    },
    {
      kind: 'bar',
      title: 'answers by latency',
      labels: latencies.map(({ most }) => duration(most, micro).replace(' ', '')),
      values: latencies.map(({ count }) => count),
    },
  ];
}

/** Whether a pane has charts: they need room, and a terminal that can draw them. */
function hasCharts({ ability }: Model, { width, height }: Size): boolean {
  return ability.colours > 0 && !ability.ascii && width >= chartSize.width && height >= chartSize.height;
}

function draw(model: Model, size: Size, focused: boolean): Content {
  const statistics = statisticsOf(model);
  if (!statistics || !hasCharts(model, size)) return list.draw(model, size, focused);
  const height = Math.floor(size.height / 4);
  const charts = chartsOf(statistics, model.ability.ascii).map((chart, i) => ({ chart, y: i * height, height }));
  const below = { ...size, height: size.height - 2 * height };
  const { lines, scroll } = list.draw(model, below, focused);
  const room: Line[] = Array.from({ length: 2 * height }, () => []);
  return { lines: [...room, ...lines], charts, ...(scroll && { scroll }) };
}

/** The statistics. */
export const view: View = {
  id: 'statistics',
  help: 'messages by name, latencies, rates, the slowest answers',
  key: '8',
  bindings: [
    ...list.bindings,
    {
      keys: ['enter'],
      help: 'go to the message of the line',
      short: 'go there',
      enabled: model => list.current(model)?.row !== undefined || 'the line is not about one message',
      run: model => {
        const row = list.current(model)?.row;
        return row === undefined ? stay(model) : goTo(model, row);
      },
    },
  ],
  wants: model => [{ kind: 'statistics', surveyed: surveyedUpTo(model) }],
  draw,
  click: list.click,
  wheel: list.wheel,
};
