/** The device's configuration space, as far as it crossed the wire. */
import { configFields, configStruct } from '../../../decode/device-config.ts';
import { span } from '../../frame.ts';
import { drawable, padded } from '../../width.ts';
import type { Section, StateLine } from './section.ts';

const bytesPerLine = 16;

/** The configuration space. */
export const config: Section = {
  title: 'Configuration space',
  lines: ({ state, device, n: here }) => {
    const { bytes, seen, changedAt, staleSince } = state.config;
    if (bytes.length === 0 && staleSince === undefined) return [];
    const n = changedAt === undefined ? {} : { n: changedAt };
    const style = changedAt === here ? 'changed' : 'plain';
    const lines: StateLine[] = [];
    if (staleSince !== undefined) {
      lines.push({
        line: [span(` changed since: record ${staleSince} said so, and nobody has asked`, 'warn')],
        n: staleSince,
      });
    }
    const struct = configStruct(device);
    for (const [name, value] of Object.entries(struct ? configFields(struct, 0, bytes) : {})) {
      const text =
        value instanceof Uint8Array
          ? `${value.length} bytes`
          : typeof value === 'object'
            ? JSON.stringify(value)
            : String(value);
      lines.push({ line: [span(` ${padded(name, 26)} `, 'key'), span(drawable(text), style)], ...n });
    }
    for (let at = 0; at < bytes.length; at += bytesPerLine) {
      const cells = Array.from(bytes.subarray(at, at + bytesPerLine), (byte, i) =>
        seen[at + i] ? byte.toString(16).padStart(2, '0') : '--',
      );
      lines.push({
        line: [span(` ${at.toString(16).padStart(4, '0')}  `, 'faint'), span(cells.join(' '), style)],
        ...n,
      });
    }
    return lines;
  },
};
