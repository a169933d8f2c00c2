import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Phase } from '../../src/decode/phase.ts';
import { Course } from '../../src/decode/phase.ts';
import { examine } from '../../src/trace/examination.ts';
import { States } from '../../src/trace/states.ts';
import { Survey } from '../../src/trace/survey.ts';
import { foundBy } from '../../src/trace/surveyed.ts';
import { Trace } from '../../src/trace/trace.ts';
import { writeCapture } from '../capture/frames.ts';
import { frameOf } from '../decode/recording.ts';

const folder = resolve(import.meta.dirname, '../../captures');

describe.each(['fs', 'reconnect', 'hotplug', 'qemu10-iommu', 'unshared-net'])('a survey of %s', name => {
  const path = join(folder, `${name}.pcapng`);
  const trace = Trace.open(path);
  while (trace.advance());
  const survey = new Survey(trace);
  while (survey.advance(performance.now() + 1));

  it('finds what is found from front to back', () => {
    const { findings, verdicts } = examine(path);
    expect(survey.findings.map(({ row: _, ...finding }) => finding)).toEqual(findings);
    expect(survey.connections().flatMap(one => one.verdicts)).toEqual(verdicts);
  });

  it('has the states that are folded without looking for anything', () => {
    const states = new States(trace);
    while (states.advance());
    for (let row = 0; row < trace.length; row++) {
      expect(survey.states.at(row)?.connections).toEqual(states.at(row)?.connections);
    }
  });

  it('knows the phase of every message', () => {
    const courses = new Map<string, Course>();
    const phases = [...trace.iterate()].map(({ frame, message }): Phase | undefined => {
      const key = `${frame.session}/${frame.epoch}`;
      if (!courses.has(key)) courses.set(key, new Course());
      return message && courses.get(key)?.next(message);
    });
    expect(phases.map((_, row) => survey.phaseAt(row))).toEqual(phases);
  });
});

describe('more findings than are kept', () => {
  const written = mkdtempSync(join(tmpdir(), 'vhuscope-survey-'));
  afterAll(() => rmSync(written, { recursive: true }));

  it('are counted, and said not to be listed', () => {
    const path = join(written, 'many.pcapng');
    const wrong = Array.from({ length: 10_003 }, (_, i) =>
      frameOf('> 03000000 02000000 00000000', i + 1, { offset: i }),
    );
    writeCapture(path, wrong).close();
    const trace = Trace.open(path);
    while (trace.advance());
    const survey = new Survey(trace);
    while (survey.advance(performance.now() + 1));
    trace.close();
    const { findings, unlisted } = foundBy(survey);
    expect(findings).toHaveLength(10_000);
    expect(unlisted).toBeGreaterThan(0);
    const { error, warning, note } = survey.counts;
    expect(error + warning + note).toBe(examine(path).findings.length);
    expect(findings.length + unlisted).toBe(error + warning + note);
  });
});
