/** Names by meaning: one wherever a field occurs, whatever message it stands in. Filters and dissectors use them. */
import type { Struct } from './schema.ts';
import type { DeviceSpec } from './spec/devices/device.ts';

/** The name of a field or part by meaning, such as `vring.index` or `mem.guest_addr`. A name stays for ever. */
export function meaning(struct: Struct, field: { readonly name: string; readonly id?: string }): string {
  return field.id ?? `${struct.prefix}.${field.name}`;
}

/** The name of a bit of a mask by meaning: `protocol_features.mq`; a device's own bits as `features.net.mrg_rxbuf`. */
export function bitMeaning(mask: string, bit: string, device?: DeviceSpec): string {
  const own = device !== undefined && Object.hasOwn(device.features, bit);
  return `${mask}.${own ? `${device.name}.` : ''}${bit.toLowerCase()}`;
}
