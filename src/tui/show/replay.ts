/** A replay beside its recording, as lines: what was recorded, what came, and in what they differ. Pure. */
import { type Line, type Span, type Style, span } from '../frame.ts';
import { directionSign, type Glyphs } from '../glyphs.ts';
import type { PlayedMessage, ReplayFacts } from '../replay.ts';
import { aligned, cut, drawable, padded, widthOf } from '../width.ts';
import { wrapped } from './wrap.ts';

/** A line, and the message it is about. */
export interface ReplayLine {
  readonly line: Line;
  readonly heading?: boolean;
  readonly played?: PlayedMessage;
}

/** What the lines are drawn with. */
export interface ReplayLook {
  readonly width: number;
  readonly glyphs: Glyphs;
}

/** From this width on recording and replay stand in two columns. */
const besideWidth = 100;
const numberWidth = 6;

/** How each result looks: a sign, a word, a colour. */
const results: {
  readonly [result in PlayedMessage['result']]: { readonly sign: string; readonly word: string; readonly style: Style };
} = {
  said: { sign: ' ', word: 'ours', style: 'faint' },
  same: { sign: '=', word: 'same', style: 'good' },
  different: { sign: '!', word: 'different', style: 'bad' },
  late: { sign: '~', word: 'late', style: 'warn' },
  missing: { sign: '-', word: 'missing', style: 'bad' },
  extra: { sign: '+', word: 'extra', style: 'bad' },
  'left-out': { sign: 'x', word: 'left out', style: 'warn' },
};
const wordWidth = 11;

/** How a message stands: one that differs only as it must is marked, but is no fault. */
function standing(played: PlayedMessage): { sign: string; word: string; style: Style } {
  const { result, differences } = played;
  const explained = result === 'different' && differences.every(({ because }) => because !== undefined);
  return explained ? { sign: '!', word: 'must differ', style: 'warn' } : results[result];
}

/** The lines of one message. */
function playedLines(played: PlayedMessage, look: ReplayLook): ReplayLine[] {
  const { glyphs, width } = look;
  const { n, dir, text, recorded, result, differences, notes } = played;
  const { sign, word, style } = standing(played);
  const head: Span[] = [
    span(aligned(String(n ?? ''), numberWidth), 'faint'),
    span(` ${directionSign(glyphs, dir)} `, dir === 'front-to-back' ? 'frontEnd' : 'backEnd'),
    span(`${sign} ${padded(word, wordWidth + 1)}`, style),
  ];
  const used = head.reduce((sum, { text: piece }) => sum + widthOf(piece), 0);
  const below = (line: Line): ReplayLine => ({ line: [span(' '.repeat(Math.min(used, 12))), ...line], played });
  return [
    {
      line: [...head, ...sides(played, width - used, result === 'same' || result === 'said' ? 'plain' : style, look)],
      played,
    },
    ...(result === 'left-out' ? [] : notes.map(note => below([span(`adapted: ${drawable(note)}`, 'warn')]))),
    ...differences.map(({ path, recorded: was, came, because }) =>
      below([
        span(`${drawable(path.replace(/^payload\./, ''))} `, 'key'),
        span(`was ${drawable(was)}, came ${drawable(came)}`, because === undefined ? 'bad' : 'warn'),
        span(because === undefined ? '' : ` (${drawable(because)})`, 'faint'),
      ]),
    ),
    ...(width >= besideWidth || recorded === undefined || recorded === text || result === 'said'
      ? []
      : [below([span('recorded: ', 'faint'), span(drawable(recorded), 'faint')])]),
  ];
}

/** The message as it was recorded, and as it is now. */
function sides(
  { result, text, recorded, notes }: PlayedMessage,
  room: number,
  style: Style,
  { glyphs, width }: ReplayLook,
): Line {
  const was = result === 'extra' ? '' : drawable(recorded ?? text);
  const is =
    result === 'missing' ? 'did not come' : result === 'left-out' ? `left out: ${notes.join('; ')}` : drawable(text);
  if (width < besideWidth) return [span(result === 'missing' ? `${was}  ${is}` : is, style)];
  const half = Math.floor((room - 3) / 2);
  const shown = widthOf(was) > half ? `${cut(was, half - 1)}${glyphs.more}` : padded(was, half);
  return [span(shown, 'faint'), span(` ${glyphs.vertical} `, 'border'), span(is, style)];
}

/** Sentences of a verdict that stand above the messages; the others are deviations. */
const mainSentences = 3;

/** How it stands: what it waits for, or what it amounts to. */
export function replayHead(facts: ReplayFacts, look: ReplayLook): ReplayLine[] {
  const { verdict, same, next, said, ended, side, recording, omitted, played } = facts;
  const text = (words: string, style: Style): ReplayLine[] =>
    wrapped(drawable(words), look.width - 1).map(line => ({ line: [span(` ${line}`, style)] }));
  const titles = replayTitles(look);
  if (verdict)
    return [
      ...verdict.slice(0, mainSentences).flatMap((line, i) => text(line, i < 2 ? 'plain' : same ? 'good' : 'bad')),
      ...titles,
    ];
  if (ended) {
    const last = said === undefined ? '' : `; the last that was said: ${said}`;
    return [...text(`the replay has ended without a verdict${last}`, 'bad'), ...titles];
  }
  const done = played.filter(({ n }) => n !== undefined).length;
  return [
    ...text(
      recording
        ? `playing the ${side} of ${recording.name}: ${done} of ${recording.messages} messages`
        : `the ${side} is to be played`,
      'plain',
    ),
    ...(played.length === 0 ? omitted.flatMap(what => text(`not played: ${what}`, 'warn')) : []),
    ...(next === undefined ? [] : text(`waits before ${next}: Enter says it`, 'warn')),
    ...(played.length === 0 && said !== undefined ? text(said, 'faint') : []),
    ...titles,
  ];
}

/** The messages so far; before them, once there is a verdict, what it holds against the other side. */
export function replayLines({ verdict = [], played }: ReplayFacts, look: ReplayLook): ReplayLine[] {
  const deviations = verdict
    .slice(mainSentences)
    .map((text): ReplayLine => ({ line: [span(` ${drawable(text.trim())}`, 'bad')] }));
  return [
    ...(deviations.length > 0 ? [...deviations, { line: [] }] : []),
    ...played.flatMap(one => playedLines(one, look)),
  ];
}

/** The titles of the columns. */
function replayTitles({ width }: ReplayLook): ReplayLine[] {
  const used = numberWidth + 5 + wordWidth + 4;
  if (width < besideWidth) return [];
  const half = Math.floor((width - used - 3) / 2);
  return [{ line: [span(' '.repeat(used)), span(padded('recorded', half + 3), 'title'), span('this time', 'title')] }];
}
