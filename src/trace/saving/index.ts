/** The formats that records can be exported into. */
import { format as capture } from './capture.ts';
import { hex, json, table, text } from './printed.ts';
import type { SavingFormat } from './saver.ts';

/** Every format. */
export const savingFormats: readonly SavingFormat[] = [capture, text, json, table, hex];

/** The format that the end of a file's name asks for; throws where there is none. */
export function savingFormatOf(path: string): SavingFormat {
  const found = savingFormats.find(({ ending }) => path.endsWith(ending));
  if (found) return found;
  const endings = savingFormats.map(({ ending }) => ending).join(', ');
  throw new Error(`cannot save into ${path}: the end of its name says what it shall be: ${endings}`);
}
