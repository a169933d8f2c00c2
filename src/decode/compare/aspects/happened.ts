/** Who the peers were, how it ended, what was found, how long it took. */
import type { ConnectionAccount } from '../../account/account.ts';
import { grouped } from '../../check/groups.ts';
import { identify, identitySentence } from '../../dialects/peers.ts';
import { type Aspect, type Facts, factsOf, timesOf } from '../aspect.ts';

function peers({ story, peers: known }: ConnectionAccount): Facts {
  return factsOf(
    (['front-end', 'back-end'] as const).flatMap(side => [
      [side, identitySentence(identify(story.peers, side))],
      [`${side} build-id`, known[side].buildId],
    ]),
  );
}

function ending({ story, ends }: ConnectionAccount): Facts {
  const { waiting } = story;
  return factsOf([
    ...ends
      .filter(({ channel }) => channel === 'main')
      .map(({ first, how }) => ['closed by', `${first} (${how})`] as const),
    ['unanswered', waiting.length === 0 ? undefined : waiting.map(({ message }) => message.name).join(', ')],
  ]);
}

/** Moments of a connection, each the first message of a kind. */
const milestones: readonly (readonly [title: string, names: readonly string[]])[] = [
  ['features asked', ['GET_FEATURES']],
  ['features acknowledged', ['SET_FEATURES']],
  ['memory announced', ['SET_MEM_TABLE', 'ADD_MEM_REG']],
  ['first ring started', ['SET_VRING_KICK', 'VRING_KICK']],
  ['first ring stopped', ['GET_VRING_BASE', 'GET_VRING_BASE_SKIP_DRAIN']],
];

function times({ steps, fromNs, latencies, story }: ConnectionAccount): Facts {
  const since = (ns: bigint): number => Number(ns - fromNs);
  return timesOf([
    ...milestones.map(([title, names]) => {
      const step = steps.find(one => names.includes(one.name));
      return [title, step && since(step.wallNs)] as const;
    }),
    ['end', story.ending && since(story.ending.frame.wallNs)],
    ...[...latencies].map(([name, { most }]) => [`answer to ${name}`, most] as const),
  ]);
}

/** Who the peers are, which explains most of what follows. */
export const speakers: Aspect = { id: 'peers', title: 'who speaks', counts: false, facts: peers };

/** Aspects of the course. */
export const happened: readonly Aspect[] = [
  {
    id: 'findings',
    title: 'findings',
    counts: true,
    facts: ({ findings }) =>
      factsOf(
        grouped(findings).map(({ finding }) => [
          `${finding.rule} ${finding.name}`,
          `${finding.severity}: ${finding.message}`,
        ]),
      ),
  },
  {
    id: 'diagnoses',
    title: 'diagnoses',
    counts: true,
    facts: ({ verdicts }) => factsOf(verdicts.map(({ title, what, certainty }) => [title, `${certainty}: ${what}`])),
  },
  { id: 'end', title: 'how it ended', counts: true, facts: ending },
  { id: 'times', title: 'times', counts: false, facts: times },
];
