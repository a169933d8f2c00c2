/** What all scenarios share and what takes minutes the first time, made before the first test's clock starts. */
import { join } from 'node:path';
import { buildGuest } from './guest/build.ts';
import { rig } from './rig.ts';
import { makeTrixie } from './trixie.ts';

/** Called by vitest once; an error here, such as a mirror that cannot be reached, fails the whole run. */
export function setup(): void {
  buildGuest(join(rig, 'guest'));
  makeTrixie();
}
