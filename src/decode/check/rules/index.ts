/** All rules, by area. A new area is a file of its own and a line here. */
import type { Rule } from '../rule.ts';
import { channels } from './channels.ts';
import { device } from './device.ts';
import { epochs } from './epochs.ts';
import { framing } from './framing.ts';
import { gating } from './gating.ts';
import { gpu } from './gpu.ts';
import { memory } from './memory.ts';
import { migration } from './migration.ts';
import { negotiation } from './negotiation.ts';
import { payload } from './payload.ts';
import { replies } from './replies.ts';
import { rings } from './rings.ts';

/** Every rule, in the order in which findings on the same record are told. */
export const rules: readonly Rule[] = [
  ...framing,
  ...payload,
  ...replies,
  ...negotiation,
  ...epochs,
  ...gating,
  ...memory,
  ...rings,
  ...device,
  ...migration,
  ...channels,
  ...gpu,
];
