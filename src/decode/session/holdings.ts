/** Which descriptors of earlier messages a session still refers to; all others a peer must close. Pure. */
import type { CarriedFd } from './area.ts';
import type { Session } from './session.ts';

/** A descriptor by the message that carried it and its place there, as the key of a map. */
export function holdingKey(n: number, at: number): string {
  return `${n}:${at}`;
}

/** The keys of all descriptors in use. */
export function holdings({ memory, vrings, migration, mappings, display }: Session): Set<string> {
  const rings = [...vrings.byIndex.values()];
  const carried: readonly (CarriedFd | undefined)[] = [
    ...memory.regions.map(region => region.fd),
    ...rings.flatMap(ring => [ring.kick?.fd, ring.call?.fd, ring.err?.fd]),
    migration.log?.fd,
    migration.inflight?.fd,
    ...mappings.shmem.map(mapping => mapping.fd),
    ...[...display.scanouts.values()].map(scanout => scanout.dmabuf),
  ];
  return new Set(carried.filter(fd => fd !== undefined).map(({ n, at }) => holdingKey(n, at)));
}
