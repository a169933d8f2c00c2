/** Everything that is known of one record: its fields, its declaration, its descriptors. */
import { callPath } from '../decode/call-paths.ts';
import type { Frame } from '../decode/frame.ts';
import type { MessageSpec } from '../decode/message-spec.ts';
import { plain } from '../decode/plain.ts';
import { deviceById } from '../decode/spec/devices/index.ts';
import { jsonBody } from '../decode/text/event.ts';
import { decodeTree, type MessageTree } from '../decode/tree.ts';
import type { Listing } from './listing.ts';
import { maskOf } from './masks.ts';
import type { Declared, Detail, ListedRow, PassedFd } from './questions.ts';
import type { Survey } from './survey.ts';
import type { Trace } from './trace.ts';

/** Records told for one descriptor; an object that is passed more often is known well enough. */
const mostPassings = 200;

/** The detail of a row. */
export function detailOf(trace: Trace, survey: Survey, listing: Listing, at: number): Detail {
  const row = listing.row(at);
  const frame = trace.frame(at);
  const tree = frame.kind === 'message' ? treeOf(frame) : undefined;
  const spec = tree?.message.spec;
  const callers = callersOf(row, frame);
  const mask = tree && maskOf(trace, survey, at, tree.message);
  const sent = frame.sentBytes && frame.sentBytes.length > 0 ? treeOf(asSent(frame, frame.sentBytes)) : undefined;
  return {
    row,
    frame,
    tree: tree?.nodes ?? [],
    body: frame.kind === 'event' || frame.kind === 'finding' ? bodyOf(frame) : [],
    fds: frame.fds.map(identity => ({ identity, passings: passings(trace, identity.object, frame.captureId) })),
    problems: tree?.message.problems ?? [],
    findings: survey.findings.filter(({ row: found, records }) => found === at || records.includes(frame.n)),
    ...(callers && { callPath: callers }),
    ...(spec && { declared: declared(spec) }),
    ...(mask && { mask }),
    ...(sent && { sentTree: sent.nodes }),
  };
}

/** How QEMU comes to send a request, where the front-end may be QEMU. */
function callersOf({ name, phase, reply, dir }: ListedRow, { context }: Frame): readonly string[] | undefined {
  const { frontEnd = 'qemu', device } = context;
  if (reply || phase === undefined || dir !== 'front-to-back' || frontEnd !== 'qemu') return undefined;
  return callPath(name, phase, deviceById(device)?.name);
}

function treeOf(frame: Frame): MessageTree {
  const { bytes, channel, dir, context, wireLength, fds, fdCount = fds.length } = frame;
  return decodeTree(bytes, { channel, dir, context, wireLength, fdCount });
}

/** What went on in place of a message. */
function asSent(frame: Frame, bytes: Uint8Array): Frame {
  const fds = frame.sentFds ?? frame.fds;
  return { ...frame, bytes, wireLength: frame.sentLength ?? bytes.length, fds, fdCount: fds.length };
}

function declared({ name, doc, spec, since, private: whose, aliases = [] }: MessageSpec): Declared {
  return { name, doc, section: spec, since, aliases, ...(whose !== undefined && { private: whose }) };
}

function passings(trace: Trace, object: number | undefined, captureId: bigint | undefined): PassedFd['passings'] {
  if (object === undefined) return [];
  return trace
    .passingsOf(object, captureId)
    .slice(0, mostPassings)
    .map(at => {
      const row = trace.row(at);
      return { row: at, n: row.frame.n, name: row.message?.name ?? row.frame.kind };
    });
}

function bodyOf(frame: Frame): [string, string][] {
  return Object.entries(jsonBody(frame) ?? {}).map(([key, value]) => [
    plain(key),
    plain(typeof value === 'string' ? value : JSON.stringify(value)),
  ]);
}
