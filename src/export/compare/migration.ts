/** Both sides of a migration, as text. */
import type { MigrationComparison, Outcome } from '../../decode/compare/migration.ts';
import { counted } from '../../decode/counted.ts';
import { plain } from '../../decode/plain.ts';
import { wrapped } from '../wrapped.ts';

const signs: { readonly [outcome in Outcome]: string } = { ok: 'ok', bad: 'bad', unknown: '?' };
const colours: { readonly [outcome in Outcome]: string } = { ok: '32', bad: '31;1', unknown: '33' };
const titleWidth = 22;

/** The comparison as text, with a line end. */
export function migrationText(
  { devices, alone }: MigrationComparison,
  { colour, width }: { readonly colour: boolean; readonly width: number },
): string {
  const paint = (text: string, code: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const indent = 4 + 5 + titleWidth;
  const lines = devices.flatMap(({ device, source, destination, checks }) => [
    paint(plain(`${device}: ${source} -> ${destination}`), '1'),
    ...checks.flatMap(({ outcome, title, what }) =>
      wrapped(plain(what), width - indent).map((line, i) =>
        i === 0
          ? `    ${paint(signs[outcome].padEnd(5), colours[outcome])}${title.padEnd(titleWidth)}${line}`
          : `${' '.repeat(indent)}${line}`,
      ),
    ),
  ]);
  const wrong = devices.flatMap(one => one.checks).filter(one => one.outcome === 'bad').length;
  const verdict =
    devices.length === 0
      ? 'no device is on both sides'
      : `${counted(devices.length, 'device')} migrated, ${wrong === 0 ? 'everything was handed over' : `${counted(wrong, 'thing')} did not fit`}`;
  return `${[...lines, ...alone.map(plain), verdict].join('\n')}\n`;
}
