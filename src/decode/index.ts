/** The protocol as a library: pure, without dependencies, also for browsers. Exported as vhuscope/decode. */
export { Checker } from './check/check.ts';
export type { Finding, Rule, Severity } from './check/rule.ts';
export { rules } from './check/rules/index.ts';
export type { Payload, Problem, Value } from './decode.ts';
export { Physician } from './diagnose/diagnose.ts';
export type { Verdict } from './diagnose/diagnosis.ts';
export { EncodeError, encodeMessage, type Outgoing } from './encode.ts';
export type { Channel, Context, Dialect, Direction, FdIdentity, FdKind, Frame, FrameKind } from './frame.ts';
export { type JsonRecord, recordJson } from './json/record.ts';
export { decodeFrame, decodeMessage, type Envelope, type Message } from './message.ts';
export type { MessageSpec, Struct, U64 } from './schema.ts';
export type { Asked, Connection } from './session/connection.ts';
export { fold, newSession, type Session } from './session/session.ts';
export { decodeTree, type MessageTree, type TreeNode } from './tree.ts';
