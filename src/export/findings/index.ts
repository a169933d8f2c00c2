/** The formats of findings. A new one is a file of its own and a line here. */
import { json } from './json.ts';
import { junit } from './junit.ts';
import type { FindingsFormat } from './report.ts';
import { sarif } from './sarif.ts';
import { text } from './text.ts';

export type { CheckResult, FindingsFormat } from './report.ts';

/** Every format of findings. */
export const findingsFormats: readonly FindingsFormat[] = [text, json, junit, sarif];
