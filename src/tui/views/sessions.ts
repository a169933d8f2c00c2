/** The connections of a capture: who spoke, for which device, how it ended. */

import type { Peer } from '../../decode/account/peer.ts';
import { counted } from '../../decode/counted.ts';
import type { Side } from '../../decode/side.ts';
import { deviceById } from '../../decode/spec/devices/index.ts';
import { duration } from '../../decode/text/remarks.ts';
import type { ListedConnection } from '../../trace/questions.ts';
import { type Line, type Span, span } from '../frame.ts';
import { glyphsFor } from '../glyphs.ts';
import { type KeptScroll, type ListedLine, lineList } from '../keys/lines.ts';
import { recall } from '../known.ts';
import { type Model, slot, surveyedUpTo } from '../model.ts';
import { remembered } from '../remember.ts';
import { atTop } from '../scroll.ts';
import { stay } from '../step.ts';
import { choose, goTo } from '../travel.ts';
import { drawable } from '../width.ts';
import { compareConnection } from './compare.ts';
import type { View } from './view.ts';

interface SessionLine extends ListedLine {
  readonly connection: ListedConnection;
}

const kept = slot<KeptScroll>('sessions', { scroll: atTop });

const ends: { readonly [how: string]: string } = {
  eof: 'closed',
  reset: 'closed with bytes unread',
  shutdown: 'shut down',
  epipe: 'was gone',
};

/** Columns of what a line is about. */
const labelWidth = 13;

function peerLine(side: Side, peer: Peer): Line {
  const { comm, executable, version, pid, commandLine, state, afterMs } = peer;
  const program = executable ?? comm;
  const words: Span[] = [span(`   ${side.padEnd(labelWidth)}`, side === 'front-end' ? 'frontEnd' : 'backEnd')];
  if (program === undefined) return [...words, span('unknown', 'faint')];
  words.push(span(drawable(program)));
  if (version !== undefined) words.push(span(` ${drawable(version)}`, 'faint'));
  if (pid !== undefined) words.push(span(` pid ${pid}`, 'faint'));
  if (state === 'exited')
    words.push(span(` exited${afterMs === undefined ? '' : ` ${afterMs} ms after the end`}`, 'warn'));
  if (commandLine && commandLine.length > 1) words.push(span(`  ${drawable(commandLine.slice(1).join(' '))}`, 'faint'));
  return words;
}

function linesOfConnection(connection: ListedConnection, micro: string): SessionLine[] {
  const { pair, session, epoch, device, deviceReason, peers, fromNs, toNs, messages, findings, verdicts } = connection;
  const lasted = duration(Number(toNs - fromNs), micro);
  const found: Span[] = [
    ...(findings.error > 0 ? [span(`  ${findings.error} errors`, 'bad')] : []),
    ...(findings.warning > 0 ? [span(`  ${findings.warning} warnings`, 'warn')] : []),
  ];
  const title = device === undefined ? 'unknown device' : (deviceById(device)?.title ?? `device ${device}`);
  const lines: Line[] = [
    [
      span(` ${session}.${epoch}  `, 'name'),
      span(drawable(pair), 'name'),
      span(`  ${title}`),
      span(`  ${counted(messages, 'message')} in ${lasted}`, 'faint'),
      ...found,
    ],
    ...(deviceReason === undefined
      ? []
      : [[span(`   ${'device'.padEnd(labelWidth)}${drawable(deviceReason)}`, 'faint')]]),
    peerLine('front-end', peers['front-end']),
    peerLine('back-end', peers['back-end']),
    ...connection.ends.map(({ channel, how, first, softened }) => [
      span(`   ${(channel === 'main' ? 'end' : channel).padEnd(labelWidth)}`, 'faint'),
      span(`${drawable(first)} ${ends[how] ?? drawable(how)}`),
      span(softened ? ', the other side saw a plain end' : '', 'faint'),
    ]),
    ...verdicts.map(({ title: what, certainty }) => [
      span(`   ${drawable(what)}`, 'warn'),
      span(`  ${certainty}`, 'faint'),
    ]),
    [],
  ];
  return lines.map((line, i) => ({ line, connection, ...(i === 0 && { heading: true }) }));
}

const linesFor = remembered((connections: readonly ListedConnection[], ascii: boolean): SessionLine[] =>
  connections.flatMap(connection => linesOfConnection(connection, `${glyphsFor(ascii).micro}s`)),
);

function connectionsOf(model: Model): readonly ListedConnection[] {
  return recall(model.known, { kind: 'connections', surveyed: surveyedUpTo(model) }) ?? [];
}

const list = lineList('sessions', 'line', kept, model => linesFor(connectionsOf(model), model.ability.ascii));

/** The sessions. */
export const view: View = {
  id: 'sessions',
  help: 'the connections: who spoke, which device, how it ended',
  key: '7',
  bindings: [
    ...list.bindings,
    {
      keys: ['enter'],
      help: 'go to the first message of the connection',
      short: 'go there',
      enabled: model => list.current(model)?.connection.first !== undefined || 'no message was said there',
      run: model => {
        const first = list.current(model)?.connection.first;
        return first === undefined ? stay(model) : goTo(model, first);
      },
    },
    {
      keys: ['='],
      help: 'compare this connection with the one of another message',
      enabled: model => list.current(model)?.connection.first !== undefined || 'no message was said there',
      run: model => {
        const connection = list.current(model)?.connection;
        if (connection?.first === undefined) return stay(model);
        return compareConnection(model, connection.first, `${connection.session}.${connection.epoch}`);
      },
    },
    {
      keys: ['s'],
      help: 'show only the messages of this connection',
      short: 'only this',
      enabled: model => list.current(model) !== undefined || 'there is no connection',
      run: model => {
        const connection = list.current(model)?.connection;
        if (!connection) return stay(model);
        const filter = `pair == "${connection.pair.replace(/["\\]/g, '\\$&')}" and session == ${connection.session} and epoch == ${connection.epoch}`;
        return choose(model, { ...model.choice, filter });
      },
    },
  ],
  wants: model => [{ kind: 'connections', surveyed: surveyedUpTo(model) }],
  draw: (model, size, focused) => ({
    ...list.draw(model, size, focused),
    about: [span(`${connectionsOf(model).length}`, 'faint')],
  }),
  click: list.click,
  wheel: list.wheel,
};
