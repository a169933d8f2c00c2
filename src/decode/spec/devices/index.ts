/** The device types, by virtio id. A new type is a file of its own and a line here. */

import { ninep } from './9p.ts';
import { balloon } from './balloon.ts';
import { blk } from './blk.ts';
import { bluetooth } from './bluetooth.ts';
import { can } from './can.ts';
import { console } from './console.ts';
import { crypto } from './crypto.ts';
import type { DeviceSpec } from './device.ts';
import { fs } from './fs.ts';
import { gpio } from './gpio.ts';
import { gpu } from './gpu.ts';
import { hwsim } from './hwsim.ts';
import { i2c } from './i2c.ts';
import { input } from './input.ts';
import { iommu } from './iommu.ts';
import { media } from './media.ts';
import { mem } from './mem.ts';
import { net } from './net.ts';
import { opaque } from './opaque.ts';
import { pmem } from './pmem.ts';
import { rng } from './rng.ts';
import { rpmb } from './rpmb.ts';
import { rtc } from './rtc.ts';
import { scmi } from './scmi.ts';
import { scsi } from './scsi.ts';
import { snd } from './snd.ts';
import { spi } from './spi.ts';
import { videoDecoder, videoEncoder } from './video.ts';
import { vsock } from './vsock.ts';

export type { DeviceSpec } from './device.ts';

/** Every declared device type. */
export const devices: readonly DeviceSpec[] = [
  ninep,
  balloon,
  blk,
  bluetooth,
  can,
  console,
  crypto,
  fs,
  gpio,
  gpu,
  hwsim,
  i2c,
  input,
  iommu,
  media,
  mem,
  net,
  ...opaque,
  pmem,
  rng,
  rpmb,
  rtc,
  scmi,
  scsi,
  snd,
  spi,
  videoDecoder,
  videoEncoder,
  vsock,
];

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
