/** Findings as JSON: one object a capture, each finding as it stands in a capture's own records. */
import type { FindingsFormat } from './report.ts';

/** JSON Lines: one object for each capture. */
export const json: FindingsFormat = {
  name: 'json',
  meaning: 'print one JSON object for each capture',
  print: results => results.map(result => `${JSON.stringify(result)}\n`).join(''),
};
