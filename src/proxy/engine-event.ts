/** What an engine tells its owner: what the relay, the recorder and the gates report, and who the peers are. */
import type { Side } from '../decode/side.ts';
import type { Peer } from '../sys/process.ts';
import type { GateEvent } from './gate.ts';
import type { RecorderReport } from './recorder-worker.ts';
import type { Report } from './reports.ts';

/** What an engine tells while it runs. */
export type EngineEvent =
  | Exclude<Report, { type: 'close-slowly' | 'late-fds' | 'finished' | 'stopped' | 'answer' }>
  | Exclude<RecorderReport, { type: 'rotated' }>
  | GateEvent
  | ({ type: 'peer'; pair: string; connection: number; side: Side } & Peer)
  | { type: 'peer-exit'; pair: string; connection: number; side: Side; pid: number; state: string; after_ms?: number };
