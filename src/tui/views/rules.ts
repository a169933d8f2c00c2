/** Rules and breakpoints: what each is about, how often it fired, and why not. */

import type { RuleStatus } from '../../control/messages.ts';
import { counted } from '../../decode/counted.ts';
import type { Binding } from '../binding.ts';
import { type Line, span } from '../frame.ts';
import { type Glyphs, glyphsFor } from '../glyphs.ts';
import { type KeptScroll, type ListedLine, lineList } from '../keys/lines.ts';
import { paneOf } from '../layout.ts';
import { type Model, slot } from '../model.ts';
import { open } from '../prompts/open.ts';
import { atTop } from '../scroll.ts';
import { wrapped } from '../show/wrap.ts';
import { type Step, stay } from '../step.ts';
import { canAsk, order } from '../stepping/orders.ts';
import { drawable } from '../width.ts';
import type { View } from './view.ts';

interface RuleLine extends ListedLine {
  readonly rule?: RuleStatus;
}

const kept = slot<KeptScroll>('rules', { scroll: atTop });

function ruleLines(rule: RuleStatus, width: number, glyphs: Glyphs): RuleLine[] {
  const { name, place, by, when, does, limits, off, seen, matched, fired, last } = rule;
  const facts = [by && `by ${by}`, place, ...limits].filter(Boolean).join(', ');
  const text = (words: string): Line[] =>
    wrapped(drawable(words), width - 5).map(line => [span(`     ${line}`, 'faint')]);
  const lines: Line[] = [
    [
      span(` ${off ? glyphs.no : glyphs.yes} `, off ? 'faint' : 'good'),
      span(drawable(name), off ? 'faint' : 'name'),
      ...(off ? [span('  off', 'warn')] : []),
      span(`  ${drawable(facts)}`, 'faint'),
    ],
    [
      span(`     ${drawable(when || 'any message')} `, off ? 'faint' : 'plain'),
      span(`${glyphs.arrowRight} `, 'faint'),
      span(drawable(does.join(', ')), off ? 'faint' : 'warn'),
    ],
    ...text(`of ${counted(seen, 'message')} of the kind ${matched} matched, treated: ${fired}; the last one: ${last}`),
    [],
  ];
  return lines.map((line, i) => ({ line, rule, ...(i === 0 && { heading: true }) }));
}

function linesOf(model: Model): readonly RuleLine[] {
  const { rules = [], ruleFiles = [] } = model.engine ?? {};
  const width = (paneOf(model, 'rules')?.box.width ?? model.size.width) - 1;
  const glyphs = glyphsFor(model.ability.ascii);
  const part = (title: string, of: readonly RuleStatus[], none: string): RuleLine[] => [
    { line: [span(title, 'title')], heading: true },
    ...(of.length === 0
      ? [{ line: [span(`   ${none}`, 'faint')] }, { line: [] }]
      : of.flatMap(rule => ruleLines(rule, width, glyphs))),
  ];
  const from = ruleFiles.length > 0 ? `, from ${ruleFiles.map(drawable).join(', ')}` : '';
  return [
    ...part(
      'Breakpoints',
      rules.filter(({ breakpoint }) => breakpoint),
      'none: b holds messages like the one under the cursor, B those that a filter matches',
    ),
    ...part(
      `Rules${from}`,
      rules.filter(({ breakpoint }) => !breakpoint),
      'none: L reads a file of rules, or rules that come with vhuscope',
    ),
  ];
}

const list = lineList('rules', 'line', kept, linesOf);
const here = (model: Model): RuleStatus | undefined => list.current(model)?.rule;
const hasRule = (model: Model): true | string => here(model) !== undefined || 'there is no rule in this line';

const bindings: readonly Binding[] = [
  {
    keys: ['space', 'enter'],
    help: 'have the rule rest, or in force again',
    short: 'off/on',
    enabled: hasRule,
    run: (model): Step => {
      const rule = here(model);
      return rule ? order(model, { request: 'switch', params: { name: rule.name, on: rule.off } }) : stay(model);
    },
  },
  {
    keys: ['x'],
    help: 'take the breakpoint away',
    short: 'remove',
    enabled: model => here(model)?.breakpoint || 'only breakpoints can be taken away; space has a rule rest',
    run: (model): Step => {
      const rule = here(model);
      return rule ? order(model, { request: 'unhold', params: { name: rule.name } }) : stay(model);
    },
  },
  {
    keys: ['L'],
    help: 'read rules from a file, or those of a name that come with vhuscope',
    short: 'load',
    enabled: canAsk,
    run: model => open(model, 'load'),
  },
  {
    keys: ['l'],
    help: 'read the same files of rules anew',
    enabled: ({ engine }) => (engine?.ruleFiles.length ?? 0) > 0 || 'no rules were read from a file',
    run: model => order(model, { request: 'load', params: {} }),
  },
  ...list.bindings.map(binding =>
    binding.keys.includes('space') ? { ...binding, keys: binding.keys.filter(key => key !== 'space') } : binding,
  ),
];

/** The rules. */
export const view: View = {
  id: 'rules',
  help: 'rules and breakpoints: how often each fired, and why not',
  key: 'R',
  enabled: ({ engine }) => (engine && !engine.ended) || 'there is no running engine that could have rules',
  bindings,
  wants: () => [],
  draw: (model, size, focused) => ({
    ...list.draw(model, size, focused),
    about: [span(`${model.engine?.rules.length ?? 0}`, 'faint')],
  }),
  click: list.click,
  wheel: list.wheel,
};
