/** How a connection went and ended, and what is not known of it, in words. */
import type { ConnectionAccount } from '../account/account.ts';
import { counted } from '../counted.ts';
import { answerer } from '../side.ts';
import { duration } from '../text/remarks.ts';

/** Requests that are listed at most. */
const mostListed = 8;

/** How it ended, channel by channel, and who went first. */
export function endOf({ ends, story, toNs, fromNs }: ConnectionAccount): string[] {
  if (ends.length === 0) return [`open when the recording ends, after ${duration(Number(toNs - fromNs))}`];
  return ends.map(({ channel, first, how, softened, n }) => {
    const who = first === 'unknown' ? 'it is not known who' : first === 'proxy' ? 'vhuscope' : `the ${first}`;
    const where = channel === 'main' ? 'the connection' : `the ${channel} channel`;
    const soft = softened ? ', the other side saw a plain end instead' : '';
    const last = channel === 'main' && story.lastRequest ? `, ${sinceLast(story, n)}` : '';
    return `${who} closed ${where} (${how}, record ${n})${last}${soft}`;
  });
}

function sinceLast({ lastRequest, ending }: ConnectionAccount['story'], at: number): string {
  if (!lastRequest) return '';
  const { frame, message } = lastRequest;
  const ns = ending?.frame.n === at ? Number(ending.frame.wallNs - frame.wallNs) : undefined;
  return `${ns === undefined ? '' : `${duration(ns)} `}after the last request, ${message.name}(${message.id}), record ${frame.n}`;
}

/** Requests that were never answered. */
export function outstandingOf({ story, toNs }: ConnectionAccount): string[] {
  const end = story.ending?.frame.wallNs ?? toNs;
  return story.waiting.slice(0, mostListed).map(({ frame, message }) => {
    const waited = duration(Number(end - frame.wallNs));
    return `${message.name}(${message.id}), record ${frame.n}: the ${answerer(message.channel)} owed an answer for ${waited}`;
  });
}

/** The messages that were answered most slowly. */
export function slowestAnswers({ latencies }: ConnectionAccount): string[] {
  return [...latencies]
    .sort(([, a], [, b]) => b.most - a.most)
    .slice(0, 3)
    .map(([name, { most, mostAt }]) => `${name} ${duration(most)} (record ${mostAt})`);
}

/** What the recording does not show of a connection. */
export function missingIn({ gaps }: ConnectionAccount): string[] {
  const times = (count: number, word: string, behind = '', plural = `${word}s`): string[] =>
    count === 0 ? [] : [`${counted(count, word, plural)}${behind}`];
  return [
    ...(gaps.late ? ['the connection was there before the recording began'] : []),
    ...times(gaps.lost, 'message', ' that the recorder lost'),
    ...times(gaps.snapped, 'message', `, shortened by ${counted(gaps.snappedBytes, 'byte')}`),
    ...times(gaps.ctrunc, 'message', ' whose descriptors the kernel dropped'),
    ...times(gaps.raw, 'stretch', ' of bytes that are no messages', 'stretches'),
    ...times(gaps.damaged, 'record', ' with damage'),
    ...times(gaps.altered, 'message', ' that vhuscope changed, made or kept back on request'),
    ...times(gaps.held, 'message', ' that vhuscope held for a while on request'),
    ...times(gaps.masked, 'message', ' with overwritten keys'),
    ...times(gaps.softened, 'end', ' of which the other side saw a plain close'),
    ...times(gaps.undelivered, 'byte', ' that the other side never received'),
    ...gaps.notInterposed.map(({ channel, why }) => `the ${channel} channel, which was not relayed: ${why}`),
  ];
}
