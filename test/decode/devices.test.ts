import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixedSize } from '../../src/decode/decode.ts';
import { encodeStruct } from '../../src/decode/encode.ts';
import { type DeviceSpec, vringName } from '../../src/decode/spec/devices/device.ts';
import { deviceById, deviceByName, devices } from '../../src/decode/spec/devices/index.ts';

const folder = join(import.meta.dirname, '../../src/decode/spec/devices');
const isDevice = (value: unknown): value is DeviceSpec =>
  typeof value === 'object' && value !== null && 'id' in value && 'vrings' in value;

/** Bytes of the configuration spaces, from the virtio specification and the kernel's headers. */
const configSizes: Record<string, number> = {
  net: 28,
  blk: 96,
  console: 12,
  balloon: 16,
  scsi: 36,
  '9p': 2,
  gpu: 20,
  input: 136,
  vsock: 8,
  crypto: 56,
  iommu: 40,
  mem: 56,
  snd: 16,
  fs: 44,
  pmem: 16,
  rpmb: 3,
  video_encoder: 44,
  video_decoder: 44,
  can: 2,
  bluetooth: 5,
  gpio: 8,
  spi: 32,
  media: 40,
};

describe('device types', () => {
  it('are all in the index, and the index names nothing else', async () => {
    const files = readdirSync(folder).filter(file => !['device.ts', 'index.ts'].includes(file));
    const declared: DeviceSpec[] = [];
    for (const file of files) {
      const exported = Object.values((await import(join(folder, file))) as Record<string, unknown>).flat();
      expect(exported.filter(isDevice), file).not.toHaveLength(0);
      declared.push(...exported.filter(isDevice));
    }
    expect(new Set(devices)).toEqual(new Set(declared));
    expect(devices).toHaveLength(declared.length);
  });

  it('cover the numbers of the virtio specification', () => {
    const missing = [];
    for (let id = 1; id <= 49; id++) if (!deviceById(id)) missing.push(id);
    // 14 and 15 were never given.
    expect(missing).toEqual([14, 15]);
  });

  it('have names and numbers of their own', () => {
    const names = devices.flatMap(device => [device.name, ...(device.aliases ?? [])]);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(devices.map(device => device.id)).size).toBe(devices.length);
    expect(deviceByName('Virtiofs')).toBe(deviceByName('26'));
  });

  it.each(devices.map(device => [device.name, device] as const))('%s: bits are its own', (_, device) => {
    const bits = Object.values(device.features).map(({ bit }) => bit);
    expect(new Set(bits).size).toBe(bits.length);
    expect(bits.every(bit => bit < 24 || bit >= 41)).toBe(true);
  });

  it.each(devices.map(device => [device.name, device] as const))(
    '%s: its configuration space has the size',
    (_, device) => {
      const size = device.config && encodeStruct(device.config, {}).length;
      expect(size).toBe(configSizes[device.name]);
      for (const field of device.config?.list ?? []) expect(fixedSize(field) ?? field.name).not.toBe(0);
    },
  );
});

const rings: readonly (readonly [string, bigint, (string | undefined)[]])[] = [
  ['net', 0n, ['rx 0', 'tx 0', 'rx 1', 'tx 1']],
  ['fs', 0n, ['hiprio', 'request 0', 'request 1']],
  ['fs', 1n, ['hiprio', 'notification', 'request 0']],
  ['console', 2n, ['rx 0', 'tx 0', 'control rx', 'control tx', 'rx 1', 'tx 1', 'rx 2']],
  ['balloon', 1n << 5n, ['inflate', 'deflate', 'reporting', undefined]],
  ['scsi', 0n, ['control', 'event', 'request 0', 'request 1']],
  ['rng', 0n, ['request', undefined]],
];

describe('vringName', () => {
  it.each(rings)('names the rings of %s with features %s', (name, features, names) => {
    const device = deviceByName(name) as DeviceSpec;
    expect(names.map((_, index) => vringName(device, index, features))).toEqual(names);
  });
});
