/** What the recording says about the device type of a pair. */
import type { KnownDevice } from '../decode/device.ts';
import { deviceById } from '../decode/spec/devices/index.ts';

/** Says which device type it is and why. */
export type DeviceEvent = { event: 'device' } & Record<string, unknown>;

/** @param taken whether records are read that way from here on; else it is only a guess, or something else is surer */
export function deviceEvent({ id, from, reason }: KnownDevice, taken: boolean): DeviceEvent {
  const name = deviceById(id)?.name ?? String(id);
  return { event: 'device', device: id, name, from, reason, ...(!taken && { taken }) };
}
