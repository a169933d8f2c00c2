/** Who the peers are and what was set up, as a report tells of it. */
import type { ConnectionAccount } from '../account/account.ts';
import { counted } from '../counted.ts';
import { dialectNames, identify } from '../dialects/peers.ts';
import type { Redaction } from '../redaction.ts';
import type { CarriedFd } from '../session/area.ts';
import type { Region } from '../session/memory.ts';
import type { Notifier, Vring } from '../session/vring.ts';
import type { Side } from '../side.ts';
import { vringName } from '../spec/devices/device.ts';
import { deviceById } from '../spec/devices/index.ts';
import { hex, normalU64 } from '../u64.ts';

/** A peer as a report tells of it. */
export interface ReportedPeer {
  readonly side: Side;
  readonly program: string;
  /** The implementation it was recognised as. */
  readonly implementation?: string;
  readonly version?: string;
  readonly build_id?: string;
  readonly pid?: string;
  readonly command_line?: string;
  /** What became of its process. */
  readonly state?: string;
}

/** A region of guest memory. Sizes and offsets in bytes. */
export interface ReportedRegion {
  /** `region-0`: what addresses are told by. */
  readonly name: string;
  readonly guest_address: string;
  readonly size: number;
  readonly at: string;
  readonly fd: string;
  readonly offset: number;
}

/** A ring as it stood at the end. */
export interface ReportedRing {
  readonly index: number;
  readonly name?: string;
  readonly state: string;
  readonly num?: number;
  /** Where it began, and where the back-end said it had stopped. */
  readonly base?: number;
  readonly stopped_at?: number;
  readonly descriptors?: string;
  readonly kick: string;
  readonly call: string;
  readonly err: string;
}

/** A peer, under pseudonyms. */
export function reportedPeer(side: Side, { peers, story }: ConnectionAccount, redaction: Redaction): ReportedPeer {
  const { dialect } = identify(story.peers, side);
  const { executable, comm, version, buildId, pid, commandLine, state, afterMs } = peers[side];
  const program = executable === undefined ? comm : programPath(executable, redaction);
  const fate = state === 'exited' ? `exited${afterMs === undefined ? '' : ` ${afterMs} ms after the end`}` : state;
  return {
    side,
    program: program ?? 'unknown',
    ...(dialect && { implementation: dialectNames[dialect] }),
    ...(version !== undefined && { version }),
    ...(buildId !== undefined && { build_id: buildId }),
    ...(pid !== undefined && { pid: redaction.pid(pid) }),
    ...(commandLine && { command_line: redaction.commandLine(commandLine).map(shellWord).join(' ') }),
    ...(fate !== undefined && { state: fate }),
  };
}

/** A program keeps its own name, wherever it lies. */
function programPath(executable: string, redaction: Redaction): string {
  const at = executable.lastIndexOf('/');
  return redaction.path(executable) === executable
    ? executable
    : `${redaction.path(executable.slice(0, at))}/${executable.slice(at + 1)}`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What the back-end said of its limits, and the device status. */
export function limitsOf({ story }: ConnectionAccount): string[] {
  const { queueNum, memorySlots, mtu, status } = story.state.negotiation;
  const { bytes } = story.state.config;
  return [
    ...(queueNum === undefined ? [] : [counted(queueNum, 'queue')]),
    ...(memorySlots === undefined ? [] : [counted(memorySlots, 'memory slot')]),
    ...(mtu === undefined ? [] : [`MTU ${mtu}`]),
    ...(status === undefined ? [] : [`device status ${hex(status)}`]),
    ...(bytes.length === 0 ? [] : [`${counted(bytes.length, 'byte')} of configuration space`]),
  ];
}

/** A memory region. */
export function reportedRegion(region: Region, index: number, redaction: Redaction): ReportedRegion {
  return {
    name: `region-${index}`,
    // Without a guest (virtio-user) both addresses are that of the process.
    guest_address:
      region.guestAddress === region.userAddress
        ? redaction.address(region.guestAddress)
        : hex(normalU64(region.guestAddress)),
    size: Number(region.size),
    at: redaction.address(region.userAddress),
    fd: descriptor(region.fd, redaction),
    offset: Number(region.fdOffset),
  };
}

function descriptor(fd: CarriedFd | undefined, redaction: Redaction): string {
  if (!fd) return 'none';
  const { kind, object, size, access, pageSize, name } = fd.identity;
  return [
    `${kind}${object === undefined ? '' : `#${object}`}`,
    ...(size === undefined ? [] : [`of ${size} bytes`]),
    ...(access === undefined ? [] : [access]),
    ...(pageSize === undefined ? [] : [`pages of ${pageSize} bytes`]),
    ...(name === undefined || kind === 'eventfd' ? [] : [name.startsWith('/') ? redaction.path(name) : name]),
  ].join(' ');
}

/** A ring. */
export function reportedRing(ring: Vring, { story, device }: ConnectionAccount, redaction: Redaction): ReportedRing {
  const spec = deviceById(device);
  const name = spec && vringName(spec, ring.index, story.state.negotiation.virtio.accepted);
  return {
    index: ring.index,
    ...(name !== undefined && { name }),
    state: `${ring.running}, ${ring.switched}`,
    ...(ring.num !== undefined && { num: ring.num }),
    ...(ring.base && { base: ring.base.word }),
    ...(ring.stoppedAt && ring.stoppedAt.n > (ring.base?.n ?? 0) && { stopped_at: ring.stoppedAt.word }),
    ...(ring.address && { descriptors: redaction.address(ring.address.descriptor) }),
    kick: notifier(ring.kick),
    call: notifier(ring.call),
    err: notifier(ring.err),
  };
}

function notifier(one: Notifier | undefined): string {
  if (!one) return 'never set';
  if (one.fd)
    return `${one.fd.identity.kind}${one.fd.identity.object === undefined ? '' : `#${one.fd.identity.object}`}`;
  return one.nofd ? 'poll' : 'none';
}
