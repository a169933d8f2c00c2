/** All rules, by area. A new area is a file of its own and a line here. */
import type { Rule } from '../rule.ts';
import { framing } from './framing.ts';
import { payload } from './payload.ts';

/** Every rule, in the order in which findings on the same record are told. */
export const rules: readonly Rule[] = [...framing, ...payload];
