/** The processes of both peers, as the events of a recording tell of them. */
import type { JsonObject } from '../text/event.ts';

/** A peer's process, as far as it could be found. */
export interface Peer {
  readonly pid?: number;
  readonly comm?: string;
  readonly executable?: string;
  readonly buildId?: string;
  readonly version?: string;
  readonly commandLine?: readonly string[];
  /** How it was found: by its socket, or by the credentials of whoever made that. */
  readonly foundBy?: string;
  /** `exited` or `alive`, looked at when the connection had ended. */
  readonly state?: string;
  /** Milliseconds between the end of the connection and that of the process. */
  readonly afterMs?: number;
}

/** A JSON text. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** A JSON object, empty where it is something else. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** A peer as `connected`, `peer` and `peer-exit` describe it, without what they do not tell. */
export function peerOf(body: JsonObject): Peer {
  const { command_line } = body;
  const known = {
    pid: numberOf(body.pid),
    comm: textOf(body.comm),
    executable: textOf(body.executable),
    buildId: textOf(body.build_id),
    version: textOf(body.version),
    commandLine: Array.isArray(command_line) ? command_line.map(String) : undefined,
    foundBy: textOf(body.found_by),
    state: textOf(body.state),
    afterMs: numberOf(body.after_ms),
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as Peer;
}
