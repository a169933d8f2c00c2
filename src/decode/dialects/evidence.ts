/** What speaks for an implementation: the program that holds a socket, and habits seen on the wire. */
import type { Dialect } from '../frame.ts';
import type { Side } from '../side.ts';

/** Major and minor version. */
export type Version = readonly [major: number, minor: number];

/** Something that speaks for an implementation; the evidence is kept so that a reader can judge. */
export interface Evidence {
  readonly side: Side;
  readonly dialect: Dialect;
  /** What was seen. */
  readonly text: string;
  /** Record that shows it. */
  readonly n: number;
  /** How telling it is: a habit of one implementation 2, one that several share 1, one that tells only the version 0. */
  readonly weight: 0 | 1 | 2;
  /** Versions that do this: from this one on, and before that one. */
  readonly since?: Version;
  readonly before?: Version;
}

/** Whether a version is older than another. */
export function older(a: Version, b: Version): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

/** Implementations made with the library of another one: they have its habits. */
export const families: { readonly [dialect in Dialect]?: Dialect } = {
  'qemu-storage-daemon': 'libvhost-user',
  spdk: 'dpdk',
  'cloud-hypervisor': 'rust-vmm',
};

/** Whether an implementation is another one, or made with its library. */
export function isOf(dialect: Dialect | undefined, family: Dialect): boolean {
  return dialect !== undefined && (dialect === family || families[dialect] === family);
}
