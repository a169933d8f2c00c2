/** All rules, by area. A new area is a file of its own and a line here. */
import type { Rule } from '../rule.ts';
import { channels } from './channels.ts';
import { crypto } from './crypto.ts';
import { device } from './device.ts';
import { dialects } from './dialects.ts';
import { epochs } from './epochs.ts';
import { framing } from './framing.ts';
import { gating } from './gating.ts';
import { gpu } from './gpu.ts';
import { log } from './log.ts';
import { memory } from './memory.ts';
import { memoryObjects } from './memory-objects.ts';
import { migration } from './migration.ts';
import { negotiation } from './negotiation.ts';
import { order } from './order.ts';
import { payload } from './payload.ts';
import { replies } from './replies.ts';
import { ringLife } from './ring-life.ts';
import { rings } from './rings.ts';
import { values } from './values.ts';

/** Every rule, in the order in which findings on the same record are told. */
export const rules: readonly Rule[] = [
  ...framing,
  ...payload,
  ...values,
  ...replies,
  ...negotiation,
  ...order,
  ...epochs,
  ...gating,
  ...memory,
  ...memoryObjects,
  ...rings,
  ...ringLife,
  ...device,
  ...crypto,
  ...log,
  ...migration,
  ...channels,
  ...gpu,
  ...dialects,
];
