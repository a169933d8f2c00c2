import { describe, expect, it } from 'vitest';
import { deviceById } from '../../src/decode/spec/devices/index.ts';
import { deviceOfBackEnd, deviceOfFrontEnd } from '../../src/launch/peer.ts';

const path = (text: string) => ({ kind: 'path', path: text }) as const;
const nameOf = (device: { id: number } | undefined) => device && deviceById(device.id)?.name;

describe('the device type from the command line of a front-end', () => {
  const qemu =
    'qemu-system-x86_64 -chardev socket,id=a,path=/run/1 -chardev socket,id=b,path=two.sock -chardev socket,id=m,path=/run/m ' +
    '-device {"driver":"vhost-user-fs-pci","chardev":"a","tag":"t"} -netdev vhost-user,id=n,chardev=b -mon chardev=m';
  it.each([
    [qemu, path('/run/1'), 'fs'],
    [qemu, path('/vm/two.sock'), 'net'],
    [qemu, path('/run/m'), undefined],
    [qemu, path('/elsewhere'), undefined],
    // Two sockets of different devices: which of them was handed over is not known.
    [qemu, undefined, undefined],
    ['qemu -chardev socket,id=c,fd=7,server=on -device vhost-user-blk-pci,chardev=c', path('/run/1'), 'blk'],
    [
      'qemu -chardev socket,id=c,path=x,abstract=on -device vhost-user-vsock-pci,chardev=c',
      { kind: 'abstract', name: 'x', padded: false } as const,
      'vsock',
    ],
    ['dpdk-testpmd --vdev net_virtio_user0,path=/run/1', path('/run/1'), 'net'],
    ['cloud-hypervisor --fs tag=a,socket=/run/1', path('/run/1'), 'fs'],
    // Nothing that could be rewritten, and so nothing that is known.
    ['qemu -chardev pty,id=c -device vhost-user-fs-pci,chardev=c', path('/run/1'), undefined],
    ['python3 front-end.py /run/1', path('/run/1'), undefined],
  ])('%s at %o', (line, address, device) => {
    expect(nameOf(deviceOfFrontEnd(line.split(' '), address))).toBe(device);
  });

  it('with the option that tells it', () => {
    const argv = 'qemu -chardev socket,id=c,path=/s -device vhost-user-fs-pci,chardev=c,tag=t'.split(' ');
    expect(deviceOfFrontEnd(argv, path('/s'))).toEqual({
      ...{ id: 26, from: 'command-line', confidence: 'certain' },
      reason: 'the front-end has -device vhost-user-fs-pci,chardev=c,tag=t',
    });
  });
});

describe('the device type from the program of a back-end', () => {
  it.each([
    ['/usr/libexec/virtiofsd', 'fs'],
    ['qemu-storage-daemon', 'blk'],
    ['/usr/bin/passt.avx2', 'net'],
    ['dpdk-testpmd', 'net'],
    ['ovs-vswitchd', 'net'],
    ['/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk', 'net'],
    ['/usr/lib/qemu/vhost-user-gpu', 'gpu'],
    ['vhost-device-i2c', 'i2c'],
    ['vhost-device-sound', 'snd'],
    ['vhost_user_block', 'blk'],
    ['vhost-device-template', undefined],
    ['python3', undefined],
    ['', undefined],
  ])('%j', (program, device) => {
    expect(nameOf(deviceOfBackEnd([program, '--socket', '/s']))).toBe(device);
  });
});
