/** The session up to a held message: the trace knows the record that tells of it, and the state there. */
import type { ConnectionState, Question } from '../../trace/questions.ts';
import type { Draft } from '../compose/draft.ts';
import type { Negotiated } from '../compose/fields.ts';
import { exactly } from '../known.ts';
import type { Model } from '../model.ts';
import { rowUnderCursor } from '../views/messages.ts';

type RowQuestion = Question<'number'>;

/** The question for the row of a record that was answered, and the answer. */
function knownRow({ known }: Model, n: number): { question: RowQuestion; row: number } | undefined {
  for (const entry of known.entries.values()) {
    const { question } = entry;
    if (entry.state !== 'answered' || question.kind !== 'number' || question.n !== n) continue;
    const row = entry.answer as number | undefined;
    if (row !== undefined) return { question, row };
  }
  return undefined;
}

/** What must be asked to know the state at a held message: asked again while the trace has not come so far. */
export function questionsAbout(model: Model, n: number): Question[] {
  const found = knownRow(model, n);
  if (!found) return [{ kind: 'number', n, rows: model.standing.rows }];
  return [found.question, { kind: 'state', row: found.row }];
}

/** The session as it is when the message is held; undefined while it is not known. */
export function stateAt(model: Model, n: number): ConnectionState | undefined {
  const found = knownRow(model, n);
  return found && exactly(model.known, { kind: 'state', row: found.row });
}

/** What the two sides have agreed on where a draft is sent: at the held message, else at the one under the cursor. */
export function negotiatedOf(model: Model, { of }: Draft): Negotiated | undefined {
  if (of !== undefined) return stateAt(model, of)?.state.negotiation;
  const row = rowUnderCursor(model);
  return row && exactly(model.known, { kind: 'state', row: row.row })?.state.negotiation;
}
