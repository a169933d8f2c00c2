/** The conformance peer on real implementations: they do what docs/implementations.md says of them. */
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { implementations, keepReport, keptOf, type Report, resultsOf } from '../implementations.ts';
import { Program, stopAll } from '../programs.ts';
import { scenarioFolder, socketPath } from '../rig.ts';
import { vhuscope } from '../vhuscope.ts';

/** `npm run record conformance` tries everything, which takes ten minutes; else a part of it. */
const recording = process.env.VHUSCOPE_RECORD === '1';

/** Probes that tell the implementations apart, and whose answers do not depend on the moment at which a peer reads. */
const telling = {
  'back-end': [
    ...['features-first', 'order-of-qemu', 'order-of-cloud-hypervisor', 'features-not-offered', 'owner-twice'],
    ...['split-header', 'reserved-flags', 'unknown-request', 'table-of-8', 'region-empty'],
    ...['too-many-regions', 'ring-stops', 'num-no-power-of-two', 'addr-without-memory', 'enable-2', 'config', 'log'],
    ...['ungated-get-config', 'short-set-features'],
  ],
  'front-end': ['plain', 'without-slots', 'in-band-alone', 'reply-version-0', 'config-changed'],
} as const;

const written = new Set(['virtiofsd-c', 'virtiofsd-rust', 'storage-daemon', 'testpmd', 'qemu-blk']);
const rows = recording ? implementations : implementations.filter(({ name }) => written.has(name));

describe('an implementation under examination', () => {
  afterEach(stopAll);

  it.each(rows.map(row => [row.name, row] as const))(
    '%s does what is written of it',
    async (name, implementation) => {
      const place = scenarioFolder(`conformance-${name}`);
      const socket = socketPath(place, 'peer');
      const command = implementation.command(socket, place);
      const { side, patience } = implementation;
      const only = recording ? [] : telling[side].flatMap(probe => ['--probe', probe]);
      const patient = patience === undefined ? [] : ['--patience', String(patience)];
      const options = ['check', `--${side}`, socket, '--json', ...patient, ...only];
      const program = new Program(`the check of ${name}`, [process.execPath, vhuscope, ...options, '--', ...command], {
        log: join(place, 'check.log'),
      });
      const status = await program.end(900);
      const text = program.output.split('\n').find(line => line.startsWith('{'));
      expect(text, program.output).toBeDefined();
      const report = JSON.parse(text as string) as Report;
      const results = resultsOf(report);
      expect(status).toBe(results.some(({ verdict }) => ['deviation', 'death', 'unreached'].includes(verdict)) ? 1 : 0);
      if (recording) keepReport(implementation, command, report);
      const kept = keptOf(implementation);
      expect(results).toEqual(results.map(({ probe }) => kept.get(probe)));
    },
    900_000,
  );
});
