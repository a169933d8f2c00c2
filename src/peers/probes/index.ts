/** What the conformance peer tries, by area. A new probe is an entry in one of these files. */
import type { Probe } from '../probe.ts';
import { derived } from './back-end/derived.ts';
import { framing } from './back-end/framing.ts';
import { memory } from './back-end/memory.ts';
import { negotiation } from './back-end/negotiation.ts';
import { optional } from './back-end/optional.ts';
import { rings } from './back-end/rings.ts';
import { answers } from './front-end/answers.ts';
import { channel } from './front-end/channel.ts';
import { offers } from './front-end/offers.ts';

/** An area of probes. */
export interface ProbeArea {
  readonly title: string;
  readonly probes: readonly Probe[];
}

/** Probes of a back-end. */
export const backEndProbes: readonly ProbeArea[] = [
  { title: 'negotiation', probes: negotiation },
  { title: 'framing', probes: framing },
  { title: 'guest memory', probes: memory },
  { title: 'rings', probes: rings },
  { title: 'optional messages', probes: optional },
  { title: 'sizes and features', probes: derived },
];

/** Probes of a front-end. */
export const frontEndProbes: readonly ProbeArea[] = [
  { title: 'offers', probes: offers },
  { title: 'answers', probes: answers },
  { title: 'back-end channel', probes: channel },
];
