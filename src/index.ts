/** vhuscope as a library: read captures, decode messages, follow sessions. Exported as vhuscope. */
export { CaptureError } from './capture/capture-error.ts';
export { type FollowOptions, followCapture } from './capture/follow.ts';
export { type CaptureProblem, readCapture } from './capture/reader.ts';
export * from './decode/index.ts';
export { accountOf, type FileAccount } from './trace/accounting.ts';
export { type Examination, examine } from './trace/examination.ts';
export type { Row } from './trace/row.ts';
export { type Moment, States } from './trace/states.ts';
export { Trace } from './trace/trace.ts';
