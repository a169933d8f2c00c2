/** The form: a held message with other values, or a message of our own. */
import type { Binding } from '../binding.ts';
import { composing, redrafted, sent } from '../compose/composing.ts';
import {
  assigned,
  bytesOf,
  changedTo,
  type Draft,
  flawOf,
  hexOf,
  isChanged,
  lineOf,
  undone,
} from '../compose/draft.ts';
import { headerOf, toggledMask } from '../compose/fields.ts';
import { type FormLine, formLines } from '../compose/lines.ts';
import { span } from '../frame.ts';
import { lineList } from '../keys/lines.ts';
import { paneOf } from '../layout.ts';
import type { Model } from '../model.ts';
import { open } from '../prompts/open.ts';
import { remembered } from '../remember.ts';
import { type Step, saying, stay } from '../step.ts';
import { negotiatedOf, questionsAbout } from '../stepping/so-far.ts';
import { rowUnderCursor } from './messages.ts';
import type { View } from './view.ts';

const linesFor = remembered(
  (draft: Draft, negotiated: ReturnType<typeof negotiatedOf>, width: number, ascii: boolean): readonly FormLine[] =>
    formLines(draft, negotiated, { width, ascii }),
);

const nothing: readonly FormLine[] = [
  { line: [span(' nothing is being written', 'faint')] },
  {
    line: [
      span(' e in the held messages changes one, i writes one of your own, I copies the one under the cursor', 'faint'),
    ],
  },
];

function linesOf(model: Model): readonly FormLine[] {
  const { draft } = composing.of(model);
  const width = (paneOf(model, 'compose')?.box.width ?? model.size.width) - 1;
  return draft ? linesFor(draft, negotiatedOf(model, draft), width, model.ability.ascii) : nothing;
}

const list = lineList('compose', 'line', composing, linesOf);
const draftOf = (model: Model): Draft | undefined => composing.of(model).draft;
const targetOf = (model: Model) => (draftOf(model) ? list.current(model)?.target : undefined);
const hasDraft = (model: Model): true | string => draftOf(model) !== undefined || 'nothing is being written';

function withDraft(run: (model: Model, draft: Draft) => Step): Binding['run'] {
  return model => {
    const draft = draftOf(model);
    return draft ? run(model, draft) : stay(model);
  };
}

/** Changes what is in the line under the cursor: ticks a box, or asks for a value. */
function change(model: Model, draft: Draft): Step {
  const target = targetOf(model);
  switch (target?.what) {
    case 'field': {
      const { field } = target;
      if (field.kind === 'bit') return redrafted(model, assigned(draft, field.path, toggledMask(field)));
      if (field.kind === 'check') return redrafted(model, assigned(draft, field.path, field.set ? '0' : '1'));
      return open(model, 'field', field.typed, { label: `${field.path}: `, about: field.path });
    }
    case 'need-reply':
      return redrafted(model, assigned(draft, 'need_reply', headerOf(draft).needReply ? '0' : '1'));
    case 'keep-reply':
      return redrafted(model, changedTo(draft, { keepReply: !draft.keepReply }));
    case 'connection':
      return redrafted(model, changedTo(draft, nextConnection(model, draft)));
    case 'flags':
    case 'size':
      return open(model, 'insist', draft.insisted[target.what] ?? '', {
        label: `insist on ${target.what} (empty: it follows): `,
        about: target.what,
      });
    case 'fd':
      return open(model, 'descriptor', '', { about: String(target.at) });
    case 'new-fd':
      return open(model, 'descriptor', '', { about: String(draft.fds.length) });
    case 'line':
      return open(model, 'line', lineOf(draft));
    case 'hex':
      return open(model, 'hex', hexOf(bytesOf(draft)));
    case undefined:
      return stay(model);
  }
}

/** The connection after the one that is chosen; none of them after the last. */
function nextConnection({ engine }: Model, draft: Draft): Pick<Draft, 'connection'> {
  const all = (engine?.connections ?? []).map(({ connection }) => connection);
  const next = all[draft.connection === undefined ? 0 : all.indexOf(draft.connection) + 1];
  return { connection: next } as Pick<Draft, 'connection'>;
}

const onFd = (model: Model): true | string => targetOf(model)?.what === 'fd' || 'there is no descriptor in this line';

function withFds(model: Model, draft: Draft, make: (fds: string[], at: number) => void): Step {
  const target = targetOf(model);
  if (target?.what !== 'fd') return stay(model);
  const fds = [...draft.fds];
  make(fds, target.at);
  return redrafted(model, changedTo(draft, { fds }));
}

const bindings: readonly Binding[] = [
  {
    keys: ['enter', 'space'],
    help: 'tick the box, or write another value',
    short: 'change',
    enabled: model => targetOf(model) !== undefined || 'there is nothing to change in this line',
    run: withDraft(change),
  },
  {
    keys: ['a'],
    help: 'send it so: the held message goes on, or the new one is sent',
    short: 'send',
    enabled: hasDraft,
    run: withDraft((model, draft) => sent(model, draft)),
  },
  {
    keys: ['w'],
    help: 'change the held message so, and keep it held',
    short: 'keep held',
    enabled: model => draftOf(model)?.of !== undefined || 'this is no held message',
    run: withDraft((model, draft) => sent(model, draft, 'keep')),
  },
  {
    keys: ['U'],
    help: 'take the last change back',
    short: 'undo',
    enabled: model => draftOf(model)?.last !== undefined || 'nothing was changed',
    run: withDraft((model, draft) => redrafted(model, undone(draft))),
  },
  {
    keys: ['L'],
    help: 'write it as a line',
    short: 'as a line',
    enabled: hasDraft,
    run: withDraft((model, draft) => open(model, 'line', lineOf(draft))),
  },
  {
    keys: ['H'],
    help: 'write it as bytes',
    short: 'as hex',
    enabled: hasDraft,
    run: withDraft((model, draft) => open(model, 'hex', hexOf(bytesOf(draft)))),
  },
  {
    keys: ['x'],
    help: 'leave this descriptor out',
    short: 'leave out',
    enabled: onFd,
    run: withDraft((model, draft) => withFds(model, draft, (fds, at) => fds.splice(at, 1))),
  },
  {
    keys: ['D'],
    help: 'send this descriptor twice',
    short: 'twice',
    enabled: onFd,
    run: withDraft((model, draft) => withFds(model, draft, (fds, at) => fds.splice(at, 0, fds[at] ?? 'null'))),
  },
  {
    keys: ['escape'],
    help: 'give it up',
    short: 'give up',
    run: model => {
      const { draft, from } = composing.of(model);
      const left = { ...composing.with(model, { draft: undefined, sending: false }), ...from };
      return stay(draft && isChanged(draft) ? saying(left, 'given up; what is held stays as it was') : left);
    },
  },
  ...list.bindings.map(binding =>
    binding.keys.includes('space') ? { ...binding, keys: binding.keys.filter(key => key !== 'space') } : binding,
  ),
];

/** What is wrong with a value for the field that a prompt is about. */
export function fieldFlaw(model: Model, path: string, text: string) {
  const draft = draftOf(model);
  return draft ? flawOf(draft, path, text) : undefined;
}

/** The form. */
export const view: View = {
  id: 'compose',
  help: 'the message that is being written: a held one with other values, or one of our own',
  key: 'C',
  enabled: hasDraft,
  bindings,
  wants: model => {
    const draft = draftOf(model);
    if (!draft) return [];
    if (draft.of !== undefined) return questionsAbout(model, draft.of);
    const row = rowUnderCursor(model);
    return row ? [{ kind: 'state', row: row.row }] : [];
  },
  draw: (model, size, focused) => {
    const draft = draftOf(model);
    const about = draft && [
      span(draft.of === undefined ? 'of our own' : `held as ${draft.of}`, 'faint'),
      ...(isChanged(draft) && draft.of !== undefined ? [span('  '), span('changed', 'changed')] : []),
    ];
    return { ...list.draw(model, size, focused), ...(about && { about }) };
  },
  click: list.click,
  wheel: list.wheel,
};
