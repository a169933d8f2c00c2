import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/reader.ts';
import { jsonForm } from '../../src/decode/forms.ts';
import { LineBuffer } from '../../src/decode/line-buffer.ts';
import { Desk, type Report } from '../../src/trace/desk.ts';
import type { Answer, Question, QuestionKind } from '../../src/trace/questions.ts';
import { TraceReader } from '../../src/trace/reading.ts';
import type { Choice } from '../../src/trace/selection.ts';
import { Trace } from '../../src/trace/trace.ts';

const capture = resolve(import.meta.dirname, '../../captures/fs.pcapng');
const everything: Choice = { filter: '', fold: false };

let trace: Trace;
let desk: Desk;
let reports: Report[];

beforeEach(() => {
  trace = Trace.open(capture);
  while (trace.advance());
  reports = [];
  desk = new Desk(trace, false, report => reports.push(report));
});
afterEach(() => trace.close());

/** Asks and works until the answer is there. */
function asked<K extends QuestionKind>(question: Question<K>): Answer<K> {
  desk.ask(1, question as Question);
  while (desk.isBusy) desk.work(performance.now());
  const report = reports.at(-1);
  if (report?.type !== 'answer') throw new Error(`no answer to ${question.kind}: ${JSON.stringify(report)}`);
  return report.answer as Answer<K>;
}

const numbers = (choice: Choice): number[] =>
  asked({ kind: 'rows', choice, from: 0, count: 100, surveyed: false }).map(({ n }) => n);

describe('a desk', () => {
  it('lists what a filter lets through', () => {
    const choice = { filter: 'GET_VRING_BASE', fold: false };
    desk.choose(choice);
    while (desk.isBusy) desk.work(performance.now() + 1);
    expect(numbers(choice)).toEqual([44, 45, 46, 47]);
    expect(desk.standing(false)).toMatchObject({ rows: 54, chosen: 4, examined: 54, settled: true });
  });

  it('folds replies into their requests, but shows one whose request is not shown', () => {
    const folded = { filter: 'GET_VRING_BASE', fold: true };
    desk.choose(folded);
    while (desk.isBusy) desk.work(performance.now() + 1);
    expect(numbers(folded)).toEqual([44, 46]);
    const alone = { filter: 'GET_VRING_BASE and reply', fold: true };
    desk.choose(alone);
    while (desk.isBusy) desk.work(performance.now() + 1);
    expect(numbers(alone)).toEqual([45, 47]);
  });

  it('ties requests and replies', () => {
    const rows = asked({ kind: 'rows', choice: everything, from: 43, count: 2, surveyed: false });
    expect(rows.map(({ partner }) => partner)).toEqual([44, 43]);
    expect(rows[0]?.answer?.endsWith('2')).toBe(true);
    expect(rows[0]?.latencyNs).toBe(rows[1]?.latencyNs);
  });

  it('says where a row stands among those that are chosen', () => {
    const choice = { filter: 'GET_VRING_BASE', fold: false };
    expect(asked({ kind: 'place', choice, row: 45 })).toEqual({ position: 2, shown: true });
    expect(asked({ kind: 'place', choice, row: 0 })).toEqual({ position: 0, shown: false });
  });

  it.each([
    ['a filter, forward', 'SET_VRING_KICK', 0, 1, 33],
    ['a filter, back', 'SET_VRING_KICK', 53, -1, 37],
    ['words, upper and lower case alike', 'MEMFD#8', 0, 1, 28],
    ['nothing', 'no such words', 0, 1, undefined],
  ] as const)('finds %s', (_, text, from, direction, n) => {
    const row = asked({ kind: 'search', choice: everything, text, from, direction });
    expect(row === undefined ? undefined : trace.frame(row).n).toBe(n);
  });

  it('tells every passing of a descriptor', () => {
    const { fds } = asked({ kind: 'detail', row: 24, surveyed: false });
    expect(fds[0]?.passings.map(({ n }) => n)).toEqual([25, 40]);
  });

  it('tells progress of a long search, and forgets a cancelled one', () => {
    while (desk.isBusy) desk.work(performance.now() + 1);
    desk.ask(7, { kind: 'search', choice: everything, text: 'no such words', from: 0, direction: 1 });
    desk.work(performance.now());
    expect(reports.at(-1)).toMatchObject({ type: 'progress', id: 7 });
    desk.cancel(7);
    expect(desk.isBusy).toBe(false);
  });

  it('gives the state at a row, and the one before it', () => {
    const at = trace.rowOf(33);
    const { n, state, before } = asked({ kind: 'state', row: at }) ?? {};
    expect(n).toBe(33);
    expect(state?.vrings.byIndex.get(0)?.running).toBe('started');
    expect(before?.vrings.byIndex.get(0)?.running).toBe('stopped');
  });

  it('surveys the trace: stretches, connections, counts', () => {
    while (desk.isBusy) desk.work(performance.now() + 1);
    const stretches = asked({ kind: 'stretches', surveyed: 54 });
    expect(stretches.map(({ phase }) => phase)).toEqual(['negotiation', 'start', 'stop']);
    const [connection] = asked({ kind: 'connections', surveyed: 54 });
    expect(connection).toMatchObject({ session: 1, epoch: 1, messages: 43, device: 26 });
    const { messages, names, answers, percentiles } = asked({ kind: 'statistics', surveyed: 54 });
    expect({ messages, answers }).toEqual({ messages: 43, answers: 9 });
    expect(names[0]).toMatchObject({ name: 'SET_VRING_CALL', requests: 8, replies: 0 });
    expect(percentiles.at(-1)?.ns).toBeCloseTo(2_420_000, -4);
  });

  it('saves what is chosen into a capture of its own, and writes over none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-save-'));
    try {
      const path = join(folder, 'part.pcapng');
      const choice = { filter: 'GET_VRING_BASE', fold: false };
      desk.choose(choice);
      while (desk.isBusy) desk.work(performance.now() + 1);
      expect(asked({ kind: 'save', choice, path })).toBe(4);
      const part = Trace.open(path);
      while (part.advance());
      const whole = [44, 45, 46, 47].map(n => trace.frame(trace.rowOf(n)));
      expect(Array.from({ length: part.length }, (_, row) => part.frame(row))).toEqual(whole);
      part.close();
      desk.ask(9, { kind: 'save', choice, path });
      expect(reports.at(-1)).toMatchObject({ type: 'failed', message: expect.stringContaining('there already') });
      const given = join(folder, 'given-up.pcapng');
      desk.ask(10, { kind: 'save', choice, path: given });
      desk.cancel(10);
      expect(existsSync(given)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('puts notes and marks into the comments of packets, and takes notes along', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-save-'));
    const source = join(folder, 'fs.pcapng');
    copyFileSync(capture, source);
    chmodSync(source, 0o600);
    const own = Trace.open(source);
    try {
      while (own.advance());
      const row = own.rowOf(28);
      expect(own.note(row, 'all of memory', 'me')).toBe(55);
      while (own.advance());
      desk = new Desk(own, false, report => reports.push(report));
      const path = join(folder, 'part.pcapng');
      const choice = { filter: 'ADD_MEM_REG and request', fold: false };
      expect(asked({ kind: 'save', choice, path, marks: [['a', row]] })).toBe(1);
      const part = [...readCapture(path)];
      expect(part.map(({ n }) => n)).toEqual([28, 55]);
      const text = readFileSync(path, 'latin1');
      expect(text.indexOf('\x01\0\x12\0all of memory (me)')).toBeGreaterThan(0);
      expect(text.indexOf('\x01\0\x08\0marked a')).toBeGreaterThan(0);
    } finally {
      own.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('saves JSON as read --json prints it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vhuscope-save-'));
    try {
      const path = join(folder, 'part.json');
      asked({ kind: 'save', choice: everything, path, part: { from: 20, count: 10 } });
      const out = new LineBuffer();
      const write = jsonForm(false)(out);
      const file = new TraceReader({ labelled: true }).open(capture);
      const rows = [...file.rows()].flat();
      file.close();
      for (const row of rows.slice(20, 30)) write(row.frame, row);
      expect(rows[27]?.phase).toBeDefined();
      expect(readFileSync(path, 'utf8')).toBe(out.textFrom(0));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('tells both sides of a mask', () => {
    while (desk.isBusy) desk.work(performance.now() + 1);
    const maskAt = (n: number) => asked({ kind: 'detail', row: trace.rowOf(n), surveyed: true }).mask;
    const offers = Array.from({ length: 54 }, (_, i) => maskAt(i + 1)).filter(mask => mask !== undefined);
    expect(offers.length).toBeGreaterThan(3);
    for (const { of, offered = 0n, accepted = 0n } of offers) {
      expect(accepted, of).not.toBe(0n);
      expect(accepted & ~offered, of).toBe(0n);
    }
  });

  it('answers a question about a row that is not there with a failure', () => {
    desk.ask(1, { kind: 'detail', row: 99, surveyed: false });
    expect(reports).toMatchObject([{ type: 'failed', id: 1 }]);
  });
});
