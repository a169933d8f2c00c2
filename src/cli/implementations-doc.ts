/** docs/implementations.md: what real implementations did when the conformance peer tried them out, as it was recorded. */
import { z } from 'zod';
import { rules } from '../decode/check/rules/index.ts';
import type { Probe } from '../peers/probe.ts';
import { backEndProbes, frontEndProbes, type ProbeArea } from '../peers/probes/index.ts';

/** One probe as docs/implementations/NAME.json keeps it. */
const keptResult = z.object({
  probe: z.string(),
  verdict: z.string(),
  reaction: z.string().optional(),
  refusal: z.string().optional(),
  closed: z.boolean().optional(),
  signal: z.string().optional(),
  rules: z.array(z.string()).optional(),
});

const keptReport = z.object({
  title: z.string(),
  side: z.enum(['front-end', 'back-end']),
  package: z.string(),
  date: z.string(),
  results: z.array(keptResult),
});

type Result = z.infer<typeof keptResult>;
type Report = z.infer<typeof keptReport> & { readonly byProbe: ReadonlyMap<string, Result> };

const sides = { 'back-end': backEndProbes, 'front-end': frontEndProbes } as const;
const order = { 'back-end': 'Back-ends', 'front-end': 'Front-ends' } as const;

/** The text of docs/implementations.md, from the files of docs/implementations/ by name. */
export function implementationsDoc(files: readonly string[]): string {
  const reports = files.map((text): Report => {
    const report = keptReport.parse(JSON.parse(text));
    return { ...report, byProbe: new Map(report.results.map(result => [result.probe, result])) };
  });
  return [
    introduction,
    '## Who was tried\n',
    table(
      ['implementation', 'package', 'date', 'as wanted', 'left open', 'deviating', 'deadly', 'not offered'],
      reports.map(report => [
        ...[report.title, report.package, report.date],
        ...['pass', 'allowed', 'deviation', 'death', 'skipped'].map(verdict => String(count(report, verdict))),
      ]),
    ),
    '## What deviates\n',
    ...reports.flatMap(deviations),
    '## What happens where a rule is broken\n',
    `Each rule of [rules.md](rules.md) that a probe breaks on purpose, and what back-ends did: ${tried(reports)} rules.\n`,
    table(['rule', 'probe', ...titles(reports, 'back-end')], brokenRules(reports, 'back-end')),
    'And front-ends, where the back-end breaks it:\n',
    table(['rule', 'probe', ...titles(reports, 'front-end')], brokenRules(reports, 'front-end')),
    ...(['back-end', 'front-end'] as const).flatMap(side => [
      `## ${order[side]}, probe by probe\n`,
      ...sides[side].flatMap(area =>
        probesOf(
          area,
          reports.filter(report => report.side === side),
        ),
      ),
    ]),
  ].join('\n');
}

const introduction = `<!-- generated: npm run generate -->
# What implementations do

\`vhuscope check --back-end SOCKET\` and \`--front-end SOCKET\` play the other side and try an implementation out: orders
that are legal, optional messages, requests that break a rule, limits. Each probe has a connection of its own. This page
is made from what was recorded (\`npm run record conformance\`; the files are in [implementations/](implementations)).

A reaction is one of: *answers* (the reply the message has), *accepts* (acknowledges with 0), *refuses*, *goes on* (no reply
was due and the connection works), *stays silent* (a reply was due), *closes*, *hangs* (the connection is open and nothing
is answered; of a front-end also: its device does not start), *dies* (killed by a signal). Of a front-end *goes on* means
that it starts its device. **Bold** is what the specification forbids or what its peers cannot live with. A probe whose
feature is not on offer is left out (–).

`;

function count({ results }: Report, verdict: string): number {
  return results.filter(result => result.verdict === verdict).length;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

/** Two versions of one program differ in their heads by the version. */
function titles(reports: readonly Report[], side: Report['side']): string[] {
  const own = reports.filter(report => report.side === side);
  return own.map(({ title, package: from }) =>
    own.filter(other => other.title === title).length > 1 ? `${title} ${/(\d+\.\d+)/.exec(from)?.[1] ?? ''}` : title,
  );
}

function told(result: Result | undefined): string {
  if (!result || result.reaction === undefined) return '–';
  const { reaction, refusal, closed, signal, verdict, rules: broken } = result;
  const text = [
    refusal === undefined ? reaction : `${reaction} (${refusal})`,
    ...(closed && reaction !== 'dies' ? [', closes'] : []),
    ...(signal ? [` (${signal})`] : []),
    ...(broken ? [`, ${broken.join(' ')}`] : []),
  ].join('');
  return verdict === 'deviation' || verdict === 'death' ? `**${text}**` : text;
}

function probeNamed(side: Report['side'], id: string): Probe | undefined {
  return sides[side].flatMap(({ probes }) => probes).find(probe => probe.id === id);
}

function deviations(report: Report): string[] {
  const bad = report.results.filter(({ verdict }) => ['deviation', 'death', 'unreached'].includes(verdict));
  const lines = bad.map(
    result => `- \`${result.probe}\`, ${probeNamed(report.side, result.probe)?.title}: ${told(result)}`,
  );
  const head = `**${report.title}** (${report.package})`;
  return bad.length === 0 ? [`${head}: nothing\n`] : [`${head}:\n`, ...lines, ''];
}

function brokenRules(reports: readonly Report[], side: Report['side']): string[][] {
  const own = reports.filter(report => report.side === side);
  const probes = sides[side].flatMap(area => area.probes);
  return rules.flatMap(({ id, name }) =>
    probes
      .filter(
        ({ id: probe, breaks }) => breaks?.includes(id) && own.some(({ byProbe }) => byProbe.get(probe)?.reaction),
      )
      .map(probe => [`${id} ${name}`, `\`${probe.id}\``, ...own.map(({ byProbe }) => told(byProbe.get(probe.id)))]),
  );
}

/** How many rules were broken in front of at least one implementation. */
function tried(reports: readonly Report[]): number {
  const rows = (['back-end', 'front-end'] as const).flatMap(side => brokenRules(reports, side));
  return new Set(rows.map(([rule]) => rule)).size;
}

function probesOf({ title, probes }: ProbeArea, reports: readonly Report[]): string[] {
  const head = ['probe', 'what is sent', ...titles(reports, reports[0]?.side ?? 'back-end')];
  const rows = probes.map(({ id, title: sent, nature }) => [
    `\`${id}\``,
    nature === 'right' ? sent : `${sent} *(${nature})*`,
    ...reports.map(({ byProbe }) => told(byProbe.get(id))),
  ]);
  return [`### ${title[0]?.toUpperCase()}${title.slice(1)}\n`, table(head, rows)];
}
