/** What only a migration needs: the dirty log, descriptors in flight, the device's state, postcopy. */
import type { SharedArea } from '../../../decode/session/migration.ts';
import { type Span, span } from '../../frame.ts';
import { padded } from '../../width.ts';
import { descriptorText, sizeText } from '../descriptor.ts';
import type { Section, StateLine } from './section.ts';

function area({ size, offset, fd }: SharedArea): Span[] {
  return [
    span(`${sizeText(Number(size))}${offset === 0n ? '' : ` from byte 0x${offset.toString(16)}`} `),
    span(fd ? descriptorText(fd.identity) : 'no descriptor', 'fd'),
  ];
}

/** Log, inflight, state and postcopy. */
export const migration: Section = {
  title: 'Migration and inflight',
  lines: ({ state, n: here }) => {
    const { log, logging, inflight, postcopy, transfer } = state.migration;
    const lines: StateLine[] = [];
    const tell = (name: string, value: readonly Span[], n?: number): void => {
      const key = span(` ${padded(name, 20)} `, n === here ? 'changed' : 'key');
      lines.push({ line: [key, ...value], ...(n !== undefined && { n }) });
    };
    if (logging) tell('writes are logged', [span('LOG_ALL is acknowledged', 'good')]);
    if (log) tell('dirty log', area(log), log.n);
    if (inflight) {
      const { queues, queueSize } = inflight;
      tell('inflight', [...area(inflight), span(`  for ${queues} rings of ${queueSize}`, 'faint')], inflight.n);
    }
    if (transfer.phase !== 'none') {
      const result = transfer.result === undefined ? '' : `, result ${transfer.result}`;
      tell('device state', [span(`${transfer.direction ?? ''} ${transfer.phase}${result}`)], transfer.n);
    }
    if (postcopy !== 'none') tell('postcopy', [span(postcopy)]);
    return lines;
  },
};
