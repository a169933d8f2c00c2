/** All diagnoses, the most telling first. A new theme is a file of its own and a line here. */
import type { Diagnosis } from '../diagnosis.ts';
import { endings } from './endings.ts';
import { handshake } from './handshake.ts';
import { interventions } from './interventions.ts';
import { memory } from './memory.ts';
import { negotiation } from './negotiation.ts';
import { replies } from './replies.ts';

/** Every diagnosis, in the order in which they are told. */
export const diagnoses: readonly Diagnosis[] = [
  ...interventions,
  ...[...memory, ...negotiation, ...handshake, ...replies, ...endings],
];
