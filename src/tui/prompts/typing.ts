/** Typing into a prompt: the keys of a line editor, and those that pick an offer. */
import type { Model, Prompt } from '../model.ts';
import { type Step, stay } from '../step.ts';
import { promptOf } from './index.ts';
import type { Offer } from './prompt.ts';

/** A key while a prompt is open. */
export function typed(model: Model, prompt: Prompt, key: string): Step {
  const kind = promptOf(prompt.kind);
  const { text, caret, picked } = prompt;
  const { from, offers } = kind.offers(model, text.slice(0, caret));
  const offer: Offer | undefined = offers[picked];
  switch (key) {
    case 'escape':
    case 'C-c': {
      const [after, effects] = kind.cancelled?.(model) ?? stay(model);
      return [closed(after), effects];
    }
    case 'enter':
      return kind.accepted(closed(model), text, kind.picks ? offer : undefined, prompt);
    case 'tab':
      return offer && !kind.picks
        ? edited(model, prompt, text.slice(0, from) + offer.word + text.slice(caret), from + offer.word.length)
        : stay(model);
    case 'down':
      return stay(picking(model, prompt, Math.min(picked + 1, Math.max(0, offers.length - 1))));
    case 'up':
      return stay(picking(model, prompt, Math.max(0, picked - 1)));
    case 'left':
      return stay({ ...model, prompt: { ...prompt, caret: Math.max(0, caret - 1) } });
    case 'right':
      return stay({ ...model, prompt: { ...prompt, caret: Math.min(text.length, caret + 1) } });
    case 'home':
    case 'C-a':
      return stay({ ...model, prompt: { ...prompt, caret: 0 } });
    case 'end':
    case 'C-e':
      return stay({ ...model, prompt: { ...prompt, caret: text.length } });
    case 'backspace':
      return caret === 0 ? stay(model) : edited(model, prompt, text.slice(0, caret - 1) + text.slice(caret), caret - 1);
    case 'delete':
      return edited(model, prompt, text.slice(0, caret) + text.slice(caret + 1), caret);
    case 'C-u':
      return edited(model, prompt, text.slice(caret), 0);
    case 'C-w': {
      const kept = text.slice(0, caret).replace(/\S*\s*$/, '');
      return edited(model, prompt, kept + text.slice(caret), kept.length);
    }
    case 'space':
      return inserted(model, prompt, ' ');
    default:
      return key.length === 1 ? inserted(model, prompt, key) : stay(model);
  }
}

/** A text put where the caret is, as typing or pasting does it. */
export function inserted(model: Model, prompt: Prompt, piece: string): Step {
  const { text, caret } = prompt;
  return edited(model, prompt, text.slice(0, caret) + piece + text.slice(caret), caret + piece.length);
}

/** An offer that is clicked: chosen where one is what is meant, else it completes what was typed. */
export function chosen(model: Model, prompt: Prompt, picked: number): Step {
  const there = picking(model, prompt, picked);
  const kind = promptOf(prompt.kind);
  return there.prompt ? typed(there, there.prompt, kind.picks ? 'enter' : 'tab') : stay(model);
}

function edited(model: Model, prompt: Prompt, text: string, caret: number): Step {
  const after = { ...model, prompt: { ...prompt, text, caret, picked: 0 } };
  return promptOf(prompt.kind).changed?.(after, text) ?? stay(after);
}

function picking(model: Model, prompt: Prompt, picked: number): Model {
  return { ...model, prompt: { ...prompt, picked } };
}

function closed({ prompt: _, ...model }: Model): Model {
  return model;
}
