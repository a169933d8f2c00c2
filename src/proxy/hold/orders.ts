/** What people can have the relay do, and what it answers. Plain data: it crosses threads. */
import type { Change } from '../../decode/edit.ts';
import type { Channel, Context, Direction, FdIdentity } from '../../decode/frame.ts';
import type { Side } from '../../decode/side.ts';
import type { FdChoice } from './plan.ts';
import type { ArmedRule } from './rule.ts';

/** A message that is held. */
export interface HeldMessage {
  /** Number of the event that told of it; orders name it by that. */
  n: number;
  pair: string;
  connection: number;
  session: number;
  epoch: number;
  channel: Channel;
  direction: Direction;
  name: string;
  /** The rule or breakpoint. */
  rule: string;
  /** Milliseconds it has been held, and milliseconds until it goes on by itself; absent where it never does. */
  heldMs: number;
  leftMs?: number;
  /** A transcript line of what would be sent at present; empty where nothing would be. */
  line: string;
  /** The same as bytes; absent where nothing would be sent. */
  bytes?: Uint8Array;
  /** What came with it. */
  fds: FdIdentity[];
  /** What would be sent with it, as `FdChoice` is written. */
  sends: string[];
  /** Who cannot go on meanwhile: `ms` since when at least it has waited for the reply to that request. */
  waits?: { side: Side; request: string; ms: number };
  /** The side that sent it has hung up meanwhile; nobody is told before it has gone on. */
  gone?: Side;
  /** What was agreed on when it came. */
  context: Context;
}

/** A rule and what became of it. */
export interface RuleReport {
  name: string;
  place?: string;
  when: string;
  does: string[];
  seen: number;
  matched: number;
  fired: number;
  last: string;
  /** It was made while the engine runs, or by an option, and can be taken away. */
  breakpoint: boolean;
  /** It is switched off. */
  off: boolean;
  /** Who made it, where a person did. */
  by?: string;
  /** What else keeps it from firing: `once`, `only the 3rd match of a connection`. */
  limits: string[];
}

/** The answer to an order about a held message; `done` is false where it had gone on before, as `state` says. */
export interface Obeyed {
  n: number;
  done: boolean;
  state: string;
}

interface Named {
  n: number;
  by: string;
}

/** Every order by its name. */
export interface Orders {
  /** Takes the place of the rules that came from a file. */
  'set-rules': { params: { rules: readonly ArmedRule[] }; result: object };
  rules: { params: object; result: RuleReport[] };
  /** Adds a breakpoint, or another rule that is in no file. */
  'add-rule': { params: { rule: ArmedRule; by: string }; result: object };
  /** Takes breakpoints away, all of them where none is named. */
  'remove-rule': { params: { name?: string }; result: { removed: string[] } };
  /** Has rules and breakpoints of a name rest, or be in force again. */
  'switch-rule': { params: { name: string; on: boolean }; result: { switched: number } };
  holds: { params: object; result: HeldMessage[] };
  /** Lets a held message go, all of them where none is named. */
  release: { params: { n?: number; by: string }; result: Obeyed[] };
  /** Lets a held message go and holds the next one of its connection, in either direction. */
  step: { params: Named; result: Obeyed };
  /** Changes a held message, which stays held. */
  edit: { params: Named & { change?: Change; fds?: readonly FdChoice[] }; result: Obeyed };
  /** Has a held message wait as long again from now on. */
  prolong: { params: Named; result: Obeyed };
  drop: { params: Named; result: Obeyed };
  /** Sends a message back in the peer's name instead of sending the held one on. */
  answer: { params: Named & { with: string }; result: Obeyed };
  /** Closes the connection of a held message. */
  close: { params: Named; result: Obeyed };
  /** Sends a message of ours. */
  inject: {
    params: {
      change: Change;
      pair?: string;
      connection?: number;
      channel?: Channel;
      direction?: Direction;
      fds?: readonly FdChoice[];
      keepReply: boolean;
      by: string;
    };
    result: { n?: number };
  };
}
