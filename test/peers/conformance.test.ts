/** The probes of the conformance peer, tried on the simulated back-end: that they are what they say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rules } from '../../src/decode/check/rules/index.ts';
import { findingsOf, judge } from '../../src/peers/judge.ts';
import { type Account, runPeer } from '../../src/peers/peer.ts';
import { type Probe, probeScript, verdictOn } from '../../src/peers/probe.ts';
import { backEndProbes, frontEndProbes } from '../../src/peers/probes/index.ts';
import { untilClosed } from '../../src/peers/script.ts';
import type { RunningPeer } from '../../src/peers/start.ts';
import { blockBackEnd, conformanceFrontEnd } from '../../src/peers/traits.ts';

const { startPeer } = (await import(
  '../../dist/peers/start.js' as string
)) as typeof import('../../src/peers/start.ts');

const probes = backEndProbes.flatMap(area => area.probes);
const known = new Set(rules.map(({ id }) => id));

describe('probes', () => {
  it.each([
    ['back-end', backEndProbes],
    ['front-end', frontEndProbes],
  ])('of a %s have ids of their own', (_, areas) => {
    const ids = areas.flatMap(area => area.probes).map(({ id }) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it('name rules that exist, and at least thirty of them', () => {
    const named = new Set(probes.flatMap(({ breaks = [] }) => breaks));
    expect([...named].filter(id => !known.has(id))).toEqual([]);
    expect(named.size).toBeGreaterThanOrEqual(30);
  });
});

describe('a probe of a back-end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-probes-'));
  const address = { path: join(folder, 'back.sock') };
  let backEnd: RunningPeer;

  /** A back-end that offers everything, for one connection after the other. */
  const serve = () => {
    backEnd = startPeer({
      ...{ side: 'back-end', socket: 'listen', address, patience: 5000, goesOn: true },
      traits: blockBackEnd({
        offers: { virtio: ['LOG_ALL', 'PROTOCOL_FEATURES', 'VERSION_1', 'ACCESS_PLATFORM'], protocol: everything },
        queues: 2,
      }),
      scripts: probes.map(() => [untilClosed()]),
    });
    return backEnd.ready;
  };
  const everything = Array.from({ length: 24 }, (_, bit) => bit).filter(bit => ![17, 20, 21, 23].includes(bit));

  const attempt = (probe: Probe): { account: Account; error: string | undefined } => {
    const { connections, error } = runPeer(
      {
        ...{ side: 'front-end', socket: 'connect', address, patience: 400, connectPatience: 5000 },
        traits: { ...conformanceFrontEnd, ...probe.frontEnd },
        scripts: [probeScript(probe)],
      },
      () => {},
      () => false,
    );
    return { account: connections[0] as Account, error };
  };

  beforeAll(serve);
  afterAll(async () => {
    backEnd.stop();
    await backEnd.ended;
    rmSync(folder, { recursive: true });
  });

  it.each(probes.map(probe => [probe.id, probe] as const))('%s breaks the rules it names, and no other', (_, probe) => {
    const { account, error } = attempt(probe);
    expect(account.marks.sends, error).toBeDefined();
    const ours = findingsOf(account.frames).filter(({ side }) => side === 'front-end');
    const fired = new Set(ours.map(({ rule }) => rule));
    const errors = new Set(ours.filter(({ severity }) => severity === 'error').map(({ rule }) => rule));
    const { breaks = [] } = probe;
    expect({
      missing: breaks.filter(rule => !fired.has(rule)),
      surplus: [...errors].filter(rule => !breaks.includes(rule)),
    }).toEqual({ missing: [], surplus: [] });
    const { reaction, verdict } = judge(probe, account, 'front-end', false);
    expect(reaction && verdictOn(probe, reaction)).toBeDefined();
    if (probe.nature === 'right') expect([probe.id, reaction, verdict]).toEqual([probe.id, reaction, 'pass']);
  });
});
