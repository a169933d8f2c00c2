/** The whole screen of a model: a pure function. */
import { ableTo, continuing, keyName } from './binding.ts';
import {
  type Frame,
  fitted,
  type Ground,
  type Line,
  lineWidth,
  type PlacedChart,
  type Size,
  type Span,
  slice,
  span,
} from './frame.ts';
import { type Glyphs, glyphsFor } from './glyphs.ts';
import { helpLines } from './help.ts';
import { bindingsAt } from './keys/index.ts';
import { entryOf } from './known.ts';
import { insideOf, layoutOf, type Pane } from './layout.ts';
import type { Model, Prompt } from './model.ts';
import { playing } from './playback.ts';
import { promptOf } from './prompts/index.ts';
import { shownOffers } from './prompts/shown.ts';
import { heldInBrief } from './show/held.ts';
import { titleOf } from './tabs.ts';
import { viewOf } from './views/index.ts';
import { drawable } from './width.ts';

/** The smallest screen anything can be read on. */
const least: Size = { width: 40, height: 8 };
/** The smallest screen on which something is seen around the list of keys. */
const roomy: Size = { width: 60, height: 16 };
/** Bytes that the index, and rows that the survey may be behind without a word: a growing capture always has some. */
const unread = 1024 * 1024;
const unsurveyed = 2000;

/** What is seen. */
export function view(model: Model, size: Size = model.size): Frame {
  const glyphs = glyphsFor(model.ability.ascii);
  if (size.width < least.width || size.height < least.height) return tooSmall(size);
  const sized = { ...model, size };
  const layout = layoutOf(sized);
  const canvas: Span[][] = Array.from({ length: size.height }, () => []);
  const charts: PlacedChart[] = [];
  place(canvas, layout.head, [headLine(sized)], glyphs);
  for (const pane of layout.panes) charts.push(...drawPane(canvas, sized, pane, glyphs));
  if (layout.beside && layout.panes.length > 1) divide(canvas, layout.panes[0] as Pane, glyphs);
  place(canvas, layout.foot, [footLine(sized)], glyphs);
  let lines: Line[] = canvas.map(line => fitted(line, size.width, glyphs.more));
  if (model.prompt)
    lines = overlaid(lines, offerLines(sized, size.width - 2), { x: 0, y: size.height - 1 }, 'above', glyphs);
  if (model.help !== undefined) {
    const [x, y] = [size.width < roomy.width ? 0 : 2, size.height < roomy.height ? 0 : 2];
    const inside = { width: size.width - 4 - 2 * x, height: size.height - 2 - 2 * y };
    lines = overlaid(lines, boxed(helpLines(sized, inside), 'Keys', inside.width, glyphs), { x, y }, 'below', glyphs);
  }
  const covered = model.help !== undefined || model.prompt !== undefined;
  return { size, lines, charts: covered ? [] : charts };
}

function tooSmall(size: Size): Frame {
  const lines = Array.from({ length: size.height }, (_, i) =>
    fitted([span(i === 0 ? `needs ${least.width}x${least.height}` : '')], size.width, '.'),
  );
  return { size, lines, charts: [] };
}

/** Puts lines into a box; boxes of one line of the screen must come from left to right. */
function place(
  canvas: Span[][],
  box: Frame['size'] & { x: number; y: number },
  lines: readonly Line[],
  glyphs: Glyphs,
): void {
  for (let i = 0; i < box.height; i++) {
    const target = canvas[box.y + i];
    if (!target) continue;
    const gap = box.x - lineWidth(target);
    if (gap > 0) target.push(span(' '.repeat(gap)));
    target.push(...fitted(lines[i] ?? [], box.width, glyphs.more));
  }
}

function drawPane(canvas: Span[][], model: Model, pane: Pane, glyphs: Glyphs): PlacedChart[] {
  const { box } = pane;
  const inside = insideOf(box);
  const content = viewOf(pane.view).draw(model, inside, model.focus === pane.view);
  const style = model.focus === pane.view ? 'focus' : 'border';
  const title: Span[] = [
    span(glyphs.horizontal, style),
    ...titleOf(model, pane, content.about ?? [], span(glyphs.horizontal, style)),
  ];
  const rest = box.width - lineWidth(title);
  if (rest > 0) title.push(span(glyphs.horizontal.repeat(rest), style));
  const { scroll } = content;
  const lines = content.lines.slice(0, inside.height).map((line, i) => {
    if (!scroll || scroll.total <= inside.height) return line;
    const mark = isThumb(scroll, inside.height, i) ? span(glyphs.thumb, 'border') : span(' ');
    return [...fitted(line, box.width - 1, glyphs.more, wholeGround(line)), mark];
  });
  const full = lines.map(line => fitted(line, box.width, glyphs.more, wholeGround(line)));
  place(canvas, box, [title, ...full], glyphs);
  return (content.charts ?? []).map(({ chart, y, height }) => ({
    chart,
    box: { x: box.x, y: box.y + 1 + y, width: box.width, height },
  }));
}

/** The ground that reaches over a whole line, and so to the pane's edge. */
function wholeGround(line: Line): Ground | undefined {
  const ground = line[0]?.ground;
  const reaches = ground === 'cursor' || ground === 'resting' || ground === 'selected';
  return reaches && line.every(piece => piece.ground === ground) ? ground : undefined;
}

/** Whether the mark of what is seen covers a line of the right edge. */
function isThumb({ top, total }: { top: number; total: number }, height: number, line: number): boolean {
  const length = Math.max(1, Math.round((height * height) / total));
  const from = Math.round((top / Math.max(1, total - height)) * (height - length));
  return line >= from && line < from + length;
}

/** The line between two panes that stand next to each other. */
function divide(canvas: Span[][], { box }: Pane, glyphs: Glyphs): void {
  for (let y = box.y; y < box.y + box.height; y++) {
    const line = canvas[y];
    if (!line) continue;
    const left = slice(line, 0, box.width);
    const right = slice(line, box.width + 1, Number.POSITIVE_INFINITY);
    canvas[y] = [...left, span(glyphs.vertical, 'border'), ...right];
  }
}

function headLine(model: Model): Line {
  const { standing, choice } = model;
  const done = standing.size > 0 ? Math.floor((standing.indexed / standing.size) * 100) : 100;
  const left: Span[] = [span(' vhuscope ', 'title'), span(` ${drawable(model.title)} `)];
  left.push(span(` ${standing.rows} records`, 'faint'), ...engineSpans(model));
  if (!standing.settled && standing.size - standing.indexed > unread) left.push(span(`  reading ${done}%`, 'warn'));
  else if (standing.rows - standing.surveyed > unsurveyed)
    left.push(span(`  examining ${Math.floor((standing.surveyed / standing.rows) * 100)}%`, 'warn'));
  if (model.play) left.push(span(`  ${playing(model)}`, 'warn'));
  if (choice.filter !== '') left.push(span('  filter ', 'faint'), span(drawable(choice.filter), 'warn'));
  if (standing.examined < standing.rows)
    left.push(span(`  ${Math.floor((standing.examined / standing.rows) * 100)}%`, 'warn'));
  const [problem] = standing.problems;
  if (problem !== undefined) left.push(span(`  ! ${drawable(problem)}`, 'bad'));
  return left
    .map(piece => ({ ...piece, ground: 'bar' }) as const)
    .concat({ text: ' '.repeat(Math.max(0, model.size.width - lineWidth(left))), style: 'plain', ground: 'bar' });
}

/** How the engine is that writes the capture. */
function engineSpans({ engine }: Model): Span[] {
  if (!engine) return [];
  if (engine.ended) return [span('  recording ended', 'faint')];
  const { waiting, held, failing } = engine;
  const connections = engine.connections.length;
  return [
    span('  live ', 'good'),
    ...(held.length > 0 ? [span(`${heldInBrief(held)}  `, 'warn')] : []),
    span(`${connections} ${connections === 1 ? 'connection' : 'connections'}`, 'faint'),
    ...(waiting.length > 0 ? [span(`, ${drawable(waiting.join(', '))}`, 'faint')] : []),
    ...(failing === undefined ? [] : [span(`  not recording: ${drawable(failing)}`, 'bad')]),
  ];
}

function footLine(model: Model): Line {
  const { prompt, notice, pursuit, pending } = model;
  if (prompt) return promptLine(model);
  if (pending !== undefined) return pendingLine(model, pending);
  if (notice) return [span(` ${drawable(notice.text)}`, notice.bad ? 'bad' : 'good')];
  if (pursuit) {
    const entry = entryOf(model.known, pursuit);
    const part = entry?.state === 'asked' && entry.of > 0 ? ` ${Math.floor((entry.done / entry.of) * 100)}%` : '';
    return [span(` ${pursued(pursuit)}${part}`, 'warn'), span('  Esc gives up', 'faint')];
  }
  return keyLine(model);
}

/** What is being done for the user. */
function pursued(pursuit: NonNullable<Model['pursuit']>): string {
  if (pursuit.kind === 'search') return `searching for ${drawable(pursuit.text)}`;
  if (pursuit.kind === 'packet') return 'counting packets';
  return pursuit.kind === 'save' ? `saving into ${drawable(pursuit.path)}` : 'going there';
}

/** The keys for this place that are worth a word. */
function keyLine(model: Model): Line {
  const spans: Span[] = [];
  for (const binding of bindingsAt(model)) {
    const { keys, short } = binding;
    if (short === undefined || ableTo(binding, model) !== true) continue;
    const next = [span(` ${keyName(keys[0] ?? '')}`, 'key'), span(` ${short} `, 'faint')];
    if (lineWidth(spans) + lineWidth(next) > model.size.width) break;
    spans.push(...next);
  }
  return spans;
}

function pendingLine(model: Model, pending: string): Line {
  const going = continuing(bindingsAt(model), pending);
  return [
    span(` ${pending} `, 'key'),
    ...going.flatMap(({ keys, help }) => {
      const key = keys.find(one => one.startsWith(`${pending} `)) ?? '';
      return [span(` ${key.slice(2).replace('*', 'a-z')}`, 'key'), span(` ${help} `, 'faint')];
    }),
  ];
}

function promptLine({ prompt, size }: Model): Line {
  if (!prompt) return [];
  const label = ` ${labelOf(prompt)}`;
  const from = shownFrom(prompt, size.width - label.length);
  const text = drawable(prompt.text.slice(from));
  const at = prompt.caret - from;
  return [
    span(label, 'title'),
    span(text.slice(0, at)),
    span(text.slice(at, at + 1) || ' ', 'plain', 'cursor'),
    span(text.slice(at + 1)),
  ];
}

/** What stands in front of what is typed. */
function labelOf({ kind, label }: Prompt): string {
  return label ?? promptOf(kind).label;
}

/** The first character of a long text that is seen, such that the caret is. */
function shownFrom({ caret }: Prompt, room: number): number {
  return Math.max(0, caret - Math.max(8, room - 2));
}

/** What may be typed, and what is wrong, above the prompt. */
function offerLines(model: Model, width: number): Line[] {
  const { prompt } = model;
  if (!prompt) return [];
  const { first, offers, flaw } = shownOffers(model);
  const room = Math.min(width, 100);
  const lines: Line[] = offers.map(({ word, meaning, barred }, i) => {
    const ground = first + i === prompt.picked ? 'cursor' : 'popup';
    const spans = [
      span(` ${drawable(word)} `, barred === undefined ? 'key' : 'faint', ground),
      span(` ${drawable(barred ?? meaning)} `, barred === undefined ? 'faint' : 'warn', ground),
    ];
    return fitted(spans, room, glyphsFor(model.ability.ascii).more, ground);
  });
  if (!flaw) return lines;
  const label = labelOf(prompt).length + 1;
  const column = Math.max(0, label + flaw.column - shownFrom(prompt, model.size.width - label));
  return [...lines, [span(`${' '.repeat(column)}^ ${drawable(flaw.message)}`, 'bad', 'popup')]];
}

/** Lines with a frame around them. */
function boxed(lines: readonly Line[], title: string, width: number, glyphs: Glyphs): Line[] {
  const { topLeft, topRight, bottomLeft, bottomRight, horizontal, vertical } = glyphs;
  const edge = (text: string): Span => span(text, 'focus', 'popup');
  const top = `${topLeft}${horizontal} ${title} ${horizontal.repeat(Math.max(0, width - title.length - 1))}${topRight}`;
  return [
    [edge(top)],
    ...lines.map(line => [edge(`${vertical} `), ...fitted(line, width, glyphs.more, 'popup'), edge(` ${vertical}`)]),
    [edge(`${bottomLeft}${horizontal.repeat(width + 2)}${bottomRight}`)],
  ];
}

/** Lines over others: their last one above a line of the screen, or their first one at it. */
function overlaid(
  lines: readonly Line[],
  over: readonly Line[],
  at: { x: number; y: number },
  where: 'above' | 'below',
  glyphs: Glyphs,
): Line[] {
  const first = where === 'above' ? at.y - over.length : at.y;
  return lines.map((line, y) => {
    const shown = over[y - first];
    if (!shown) return line;
    const end = at.x + lineWidth(shown);
    const width = lineWidth(line);
    return fitted(
      [...slice(line, 0, at.x), ...shown, ...slice(line, end, Math.max(0, width - end))],
      width,
      glyphs.more,
    );
  });
}
