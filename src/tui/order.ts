/** What a running engine is asked to do by keys: plain data, carried out through its control socket. */
import type { Params, RequestName, Result } from '../control/messages.ts';

/** Requests that change something, as keys give them. */
export type OrderName = Extract<
  RequestName,
  | 'hold'
  | 'unhold'
  | 'switch'
  | 'load'
  | 'release'
  | 'step'
  | 'prolong'
  | 'edit'
  | 'drop'
  | 'answer'
  | 'close'
  | 'inject'
  | 'rotate'
>;

/** One order. */
export type Order<Name extends OrderName = OrderName> = {
  [N in Name]: {
    readonly request: N;
    readonly params: Params<N>;
    /** What follows where this was done. */
    readonly after?: Order;
  };
}[Name];

/** What became of an order, in words. */
export interface Outcome {
  readonly text: string;
  readonly bad: boolean;
  /** The record to look at. */
  readonly n?: number;
}

/** Says what an engine has answered to an order. */
export function outcomeOf(order: Order, result: unknown): Outcome {
  switch (order.request) {
    case 'hold':
      return said(`breakpoint ${(result as Result<'hold'>).name}: ${order.params.filter}`);
    case 'unhold': {
      const { removed } = result as Result<'unhold'>;
      return said(removed.length === 0 ? 'there was no breakpoint' : `taken away: ${removed.join(', ')}`);
    }
    case 'switch':
      return said(`${order.params.name} is ${order.params.on ? 'in force again' : 'switched off'}`);
    case 'load': {
      const { rules, files } = result as Result<'load'>;
      return said(
        `${rules} ${rules === 1 ? 'rule' : 'rules'} in force${files.length > 0 ? `, from ${files.join(', ')}` : ''}`,
      );
    }
    case 'release':
      return released((result as Result<'release'>).released);
    case 'rotate':
      return said(`recorded from now on into ${(result as Result<'rotate'>).to}`);
    case 'inject': {
      const { n } = result as Result<'inject'>;
      if (n === undefined) return said('it waits for the end of another message');
      return { text: `sent as ${n}`, bad: false, n };
    }
    default:
      return obeyed(result as Result<'step'>, order.request);
  }
}

const said = (text: string): Outcome => ({ text, bad: false });

const done: { readonly [request: string]: string } = {
  step: 'goes on; the next message of its connection is held',
  prolong: 'is held as long again',
  edit: 'is changed, and still held',
  drop: 'is not sent on',
  answer: 'is answered, and not sent on',
  close: 'is not sent on, and its connection closed',
};

function obeyed({ n, done: was, state }: Result<'step'>, request: string): Outcome {
  return was ? said(`${n} ${done[request] ?? state}`) : { text: `too late: ${n} had gone on (${state})`, bad: true };
}

function released(all: Result<'release'>['released']): Outcome {
  const late = all.find(each => !each.done);
  if (late) return { text: `too late: ${late.n} had gone on (${late.state})`, bad: true };
  return said(
    all.length === 0 ? 'nothing is held' : `${all.map(({ n }) => n).join(', ')} ${all.length === 1 ? 'goes' : 'go'} on`,
  );
}
