/** The form: a held message with other values, or a message of our own. */
import type { Binding } from '../binding.ts';
import { composing, redrafted, sent } from '../compose/composing.ts';
import {
  assigned,
  bytesOf,
  changedTo,
  type Draft,
  type EntryChange,
  flawOf,
  hexOf,
  isChanged,
  lineOf,
  undone,
  withEntry,
} from '../compose/draft.ts';
import { type Entry, type FormField, headerOf, type Toggled } from '../compose/fields.ts';
import { inNextLayout } from '../compose/layout.ts';
import { toggledMask } from '../compose/leaf.ts';
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
  (
    draft: Draft,
    negotiated: ReturnType<typeof negotiatedOf>,
    toggled: Toggled,
    width: number,
    ascii: boolean,
  ): readonly FormLine[] => formLines(draft, negotiated, toggled, { width, ascii }),
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
  const { draft, toggled } = composing.of(model);
  const width = (paneOf(model, 'compose')?.box.width ?? model.size.width) - 1;
  return draft ? linesFor(draft, negotiatedOf(model, draft), toggled, width, model.ability.ascii) : nothing;
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
    case 'field':
      return changeField(model, draft, target.field);
    case 'need-reply':
      return redrafted(model, assigned(draft, 'need_reply', headerOf(draft).needReply ? '0' : '1'));
    case 'keep-reply':
      return redrafted(model, changedTo(draft, { keepReply: !draft.keepReply }));
    case 'connection':
      return redrafted(model, changedTo(draft, nextConnection(model, draft)));
    case 'layout': {
      const next = inNextLayout(draft);
      return next
        ? redrafted(model, next)
        : stay(saying(model, 'the other layouts depend on the fields, or on what was negotiated'));
    }
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

/** Changes a field, opens or closes what holds others, or adds an entry. */
function changeField(model: Model, draft: Draft, field: FormField): Step {
  const { kind, path, typed, entry } = field;
  switch (kind) {
    case 'bit':
      return redrafted(model, assigned(draft, path, toggledMask(field)));
    case 'check':
      return redrafted(model, assigned(draft, path, field.set ? '0' : '1'));
    case 'entry':
    case 'fold':
      return stay(toggledAt(model, path));
    case 'more':
      if (entry?.kind === 'table')
        return open(model, 'entry', '', { label: `${entry.list}, as in 3:0x1000: `, about: entry.list });
      return entry ? redrafted(model, withEntry(draft, entry, 'add')) : stay(model);
    case 'row':
      return open(model, 'row', typed, { label: `${path} from ${field.name}: `, about: `${path}@${field.at}` });
    case 'fixed':
    case 'group':
    case 'fd':
      return stay(model);
    default: {
      const follows = field.counts === undefined ? '' : ' (empty: it follows)';
      return open(model, 'field', typed, { label: `${path}${follows}: `, about: path });
    }
  }
}

function toggledAt(model: Model, path: string): Model {
  const toggled = new Set(composing.of(model).toggled);
  if (!toggled.delete(path)) toggled.add(path);
  return composing.with(model, { toggled });
}

/** The connection after the one that is chosen; none of them after the last. */
function nextConnection({ engine }: Model, draft: Draft): Pick<Draft, 'connection'> {
  const all = (engine?.connections ?? []).map(({ connection }) => connection);
  const next = all[draft.connection === undefined ? 0 : all.indexOf(draft.connection) + 1];
  return { connection: next } as Pick<Draft, 'connection'>;
}

/** The descriptor or the entry of a list that the line under the cursor is about. */
function pieceOf(model: Model): { readonly fd: number } | { readonly entry: Entry } | undefined {
  const target = targetOf(model);
  if (target?.what === 'fd') return { fd: target.at };
  const entry = target?.what === 'field' ? target.field.entry : target?.what === 'new-fd' ? target.entry : undefined;
  return entry && { entry };
}

/** Whether that can be left out, or be there twice. */
const onPiece =
  (what: EntryChange) =>
  (model: Model): true | string => {
    const piece = pieceOf(model);
    const target = targetOf(model);
    if (!piece || (target?.what === 'field' && target.field.kind === 'more'))
      return 'there is no descriptor in this line, nor an entry of a list';
    if ('fd' in piece || piece.entry.kind === 'list') return true;
    if (piece.entry.kind === 'table' && what === 'remove') return true;
    return `${piece.entry.list} always has as many entries`;
  };

function withPiece(what: 'remove' | 'duplicate'): Binding['run'] {
  return withDraft((model, draft) => {
    const piece = pieceOf(model);
    if (!piece) return stay(model);
    if ('entry' in piece) return redrafted(model, withEntry(draft, piece.entry, what));
    const fds = [...draft.fds];
    fds.splice(piece.fd, what === 'remove' ? 1 : 0, ...(what === 'remove' ? [] : [fds[piece.fd] ?? 'null']));
    return redrafted(model, changedTo(draft, { fds }));
  });
}

const bindings: readonly Binding[] = [
  {
    keys: ['enter', 'space'],
    help: 'tick the box, write another value, open or close an entry, add one',
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
    help: 'leave this descriptor or this entry of a list out',
    short: 'leave out',
    enabled: onPiece('remove'),
    run: withPiece('remove'),
  },
  {
    keys: ['D'],
    help: 'send this descriptor or this entry of a list twice',
    short: 'twice',
    enabled: onPiece('duplicate'),
    run: withPiece('duplicate'),
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
