/** All aspects, in the order in which they are told. A new theme is a file of its own and a line here. */
import type { Aspect } from '../aspect.ts';
import { happened, speakers } from './happened.ts';
import { negotiated } from './negotiated.ts';
import { sized } from './sized.ts';

/** Every aspect. */
export const aspects: readonly Aspect[] = [speakers, ...negotiated, ...sized, ...happened];
