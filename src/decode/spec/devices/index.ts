/** The device types, by virtio id. A new type is a file of its own and a line here. */
import type { DeviceSpec } from './device.ts';
import { fs } from './fs.ts';

export type { DeviceSpec } from './device.ts';

/** Every declared device type. */
export const devices: readonly DeviceSpec[] = [fs];

const byId = new Map(devices.map(device => [device.id, device]));
const byName = new Map(devices.flatMap(device => [device.name, ...(device.aliases ?? [])].map(name => [name, device])));

/** The device type with that virtio id. */
export function deviceById(id: number | undefined): DeviceSpec | undefined {
  return id === undefined ? undefined : byId.get(id);
}

/** The device type of that name, as on the command line: `net`, `blk`, `fs`, … or a virtio id. */
export function deviceByName(name: string): DeviceSpec | undefined {
  return byName.get(name.toLowerCase()) ?? (/^\d+$/.test(name) ? byId.get(Number(name)) : undefined);
}
