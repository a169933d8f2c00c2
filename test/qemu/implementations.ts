/** The implementations that the conformance peer has been tried on, and what is kept of that: docs/implementations/. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageOf } from './corpus.ts';
import { devices, netVhost, newDisk, newShare, qemu, rustVirtiofsd, storageDaemon, virtiofsd } from './peers.ts';

const folder = resolve(import.meta.dirname, '../../docs/implementations');

/** An implementation, and how it is started for a socket in a folder. */
export interface Implementation {
  /** The file's name. */
  readonly name: string;
  readonly title: string;
  readonly side: 'back-end' | 'front-end';
  readonly patience?: number;
  command(socket: string, folder: string): string[];
}

const seaBios = { tasks: 'idle' } as const;

/** All of them, in the order of the docs. */
export const implementations: readonly Implementation[] = [
  {
    ...{ name: 'virtiofsd-c', title: 'virtiofsd in C', side: 'back-end' },
    command: (socket, place) => virtiofsd(socket, newShare(place)),
  },
  {
    ...{ name: 'virtiofsd-rust', title: 'virtiofsd in Rust', side: 'back-end' },
    command: (socket, place) => rustVirtiofsd(socket, newShare(place)),
  },
  {
    ...{ name: 'storage-daemon', title: 'qemu-storage-daemon', side: 'back-end' },
    command: (socket, place) => storageDaemon(socket, newDisk(join(place, 'disk'))),
  },
  {
    ...{ name: 'testpmd', title: "DPDK's vhost in testpmd", side: 'back-end', patience: 3000 },
    command: socket => netVhost([socket]),
  },
  {
    ...{ name: 'qemu-blk', title: 'QEMU, vhost-user-blk', side: 'front-end' },
    command: socket => qemu(socket, { ...seaBios, device: devices.blk }),
  },
  {
    ...{ name: 'qemu-net', title: 'QEMU, virtio-net', side: 'front-end' },
    command: socket => qemu(socket, { ...seaBios, device: devices.net() }),
  },
  {
    ...{ name: 'qemu-fs', title: 'QEMU, vhost-user-fs', side: 'front-end' },
    command: socket => qemu(socket, { tasks: 'fs', device: devices.fs }),
  },
  {
    ...{ name: 'qemu10-blk', title: 'QEMU, vhost-user-blk', side: 'front-end' },
    command: socket => qemu(socket, { ...seaBios, debian: 'trixie', device: devices.blk }),
  },
  {
    ...{ name: 'qemu10-net', title: 'QEMU, virtio-net', side: 'front-end' },
    command: socket => qemu(socket, { ...seaBios, debian: 'trixie', device: devices.net() }),
  },
  {
    ...{ name: 'qemu10-fs', title: 'QEMU, vhost-user-fs', side: 'front-end' },
    command: socket => qemu(socket, { tasks: 'fs', debian: 'trixie', device: devices.fs }),
  },
];

/** What a probe did, as it is kept. */
export interface KeptResult {
  readonly probe: string;
  readonly verdict: string;
  readonly reaction?: string;
  readonly refusal?: string;
  readonly closed?: true;
  readonly signal?: string;
  /** Rules that the implementation broke, errors only. */
  readonly rules?: readonly string[];
}

/** The report of `vhuscope check --json`, as far as it is kept. */
export interface Report {
  readonly offers?: object;
  readonly results: readonly {
    readonly probe: string;
    readonly verdict: string;
    readonly reaction?: string;
    readonly refusal?: string;
    readonly closed: boolean;
    readonly exit?: { readonly signal: string | null };
    readonly findings: readonly { readonly rule: string; readonly severity: string }[];
  }[];
}

/** What is kept of a report. */
export function resultsOf({ results }: Report): KeptResult[] {
  return results.map(({ probe, verdict, reaction, refusal, closed, exit, findings }) => {
    const rules = [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule))];
    return {
      ...{ probe, verdict },
      ...(reaction !== undefined && { reaction }),
      ...(refusal !== undefined && { refusal }),
      ...(closed && reaction !== 'closes' && { closed }),
      ...(exit?.signal && reaction === 'dies' && { signal: exit.signal }),
      ...(rules.length > 0 && { rules }),
    };
  });
}

const fileOf = ({ name }: Implementation) => join(folder, `${name}.json`);

/** What was kept of an implementation, by probe. */
export function keptOf(implementation: Implementation): Map<string, KeptResult> {
  if (!existsSync(fileOf(implementation))) return new Map();
  const { results } = JSON.parse(readFileSync(fileOf(implementation), 'utf8')) as { results: KeptResult[] };
  return new Map(results.map(result => [result.probe, result]));
}

/** Keeps a report, with the version of the program that `command` starts. */
export function keepReport(implementation: Implementation, command: readonly string[], report: Report): void {
  const { title, side } = implementation;
  mkdirSync(folder, { recursive: true });
  const head = { title, side, package: packageOf(command), date: new Date().toISOString().slice(0, 10) };
  const lines = [
    ...Object.entries({ ...head, offers: report.offers }).map(
      ([key, value]) => `"${key}": ${JSON.stringify(value ?? {})}`,
    ),
    `"results": [\n${resultsOf(report)
      .map(result => JSON.stringify(result))
      .join(',\n')}\n]`,
  ];
  writeFileSync(fileOf(implementation), `{\n${lines.join(',\n')}\n}\n`);
}
