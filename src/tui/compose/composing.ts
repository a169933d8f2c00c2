/** The form: the message that is being written, if any, and where its keys lead. */
import type { KeptScroll } from '../keys/lines.ts';
import { type Model, slot } from '../model.ts';
import { atTop } from '../scroll.ts';
import type { Effect, Step } from '../step.ts';
import { bytesOf, type Draft, hexOf } from './draft.ts';
import type { Toggled } from './fields.ts';

/** What the viewer keeps of it. */
export interface Composing extends KeptScroll {
  readonly draft: Draft | undefined;
  /** What is open that would be closed, and the other way round. */
  readonly toggled: Toggled;
  /** It is on its way; what becomes of it closes the form. */
  readonly sending: boolean;
  /** What was on the screen before. */
  readonly from: Pick<Model, 'focus' | 'side' | 'zoomed'>;
}

/** Its place in the model. */
export const composing = slot<Composing>('compose', {
  scroll: atTop,
  draft: undefined,
  toggled: new Set<string>(),
  sending: false,
  from: { focus: 'messages', side: 'detail', zoomed: false },
});

/** From this height of the screen on the messages stay beside the form. */
const besideHeight = 60;

/** The form open for a message. */
export function compose(model: Model, draft: Draft): Step {
  const { focus, side, zoomed } = model;
  const from = focus === 'compose' ? composing.of(model).from : { focus, side, zoomed };
  const opened = composing.with(model, { draft, toggled: new Set<string>(), sending: false, scroll: atTop, from });
  return [
    { ...opened, focus: 'compose', side: 'compose', zoomed: model.size.height < besideHeight },
    prolonging(draft),
  ];
}

/** Whoever writes is there: the held message does not go on by itself meanwhile. */
function prolonging({ of }: Draft): Effect[] {
  return of === undefined ? [] : [{ type: 'order', order: { request: 'prolong', params: { n: of } } }];
}

/** The draft with a change in it. */
export function redrafted(model: Model, draft: Draft): Step {
  return [composing.with(model, { draft }), prolonging(draft)];
}

/** Sends it: a held one goes on, or stays held where `then` says so; one of our own is put in between. */
export function sent(model: Model, draft: Draft, then: 'release' | 'keep' = 'release'): Step {
  const { of, fds, channel, dir, keepReply, connection } = draft;
  const message = { hex: hexOf(bytesOf(draft)) };
  const written = fds.length === 0 ? 'none' : fds.join(',');
  const busy = composing.with(model, { sending: true });
  if (of === undefined) {
    const params = {
      message,
      channel,
      direction: dir,
      fds: written,
      keepReply,
      ...(connection !== undefined && { connection }),
    };
    return [busy, [{ type: 'order', order: { request: 'inject', params } }]];
  }
  const params = { n: of, change: message, fds: written };
  const order =
    then === 'keep'
      ? ({ request: 'edit', params } as const)
      : ({ request: 'edit', params, after: { request: 'release', params: { n: of } } } as const);
  return [busy, [{ type: 'order', order }]];
}
