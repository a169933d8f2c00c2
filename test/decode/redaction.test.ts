import { describe, expect, it } from 'vitest';
import { Pseudonyms } from '../../src/decode/redaction.ts';

const memory = {
  regions: [{ guestAddress: 0n, size: 0x1000_0000n, userAddress: 0x7fcf_3400_0000n, fdOffset: 0n, n: 1 }],
};

describe('pseudonyms', () => {
  it('are the same wherever the same thing stands', () => {
    const to = new Pseudonyms();
    expect(to.path('/home/alice/disk.qcow2')).toBe('path-1.qcow2');
    expect(to.words('cannot open /home/alice/disk.qcow2: no such file')).toBe('cannot open path-1.qcow2: no such file');
    expect(to.pid(4711)).toBe('pid-1');
    expect(to.words('the front-end (pid 4711, uid 1000)')).toBe('the front-end (pid-1)');
  });

  it('tell addresses by the memory they lie in', () => {
    const to = new Pseudonyms(memory);
    expect(to.address(0x7fcf_3400_2000n)).toBe('region-0+0x2000');
    expect(to.address(0x7fcf_3300_0000n)).toBe('address-1');
  });

  it('hide guest addresses that are those of the process, as a front-end without a guest has them', () => {
    const to = new Pseudonyms(memory);
    expect(to.line('ADD_MEM_REG guest_address=0x7fcf34000000 size=0x1000')).toBe(
      'ADD_MEM_REG guest_address=region-0 size=0x1000',
    );
    expect(to.line('ADD_MEM_REG guest_address=0x100000000')).toBe('ADD_MEM_REG guest_address=0x100000000');
  });

  it.each([
    [
      'SET_VRING_ADDR index=0 descriptor=0x7fcf34000000 used=0x7fcf34001000 log=0xf805940',
      'SET_VRING_ADDR index=0 descriptor=region-0 used=region-0+0x1000 log=0xf805940',
    ],
    [
      'GET_CONFIG = offset=0 size=4 flags=WRITABLE config=0a0b0c0d  # 10 µs',
      'GET_CONFIG = offset=0 size=4 flags=WRITABLE config=hidden  # 10 µs',
    ],
    ['SEND_RARP mac=52:54:00:12:34:56', 'SEND_RARP mac=hidden'],
    ['SET_FEATURES VERSION_1|0x400000000000', 'SET_FEATURES VERSION_1|0x400000000000'],
    ['SET_VRING_NUM index=1 +4000 !length=6', 'SET_VRING_NUM index=1 +hidden !length=6'],
    [
      'ADD_MEM_REG region={guest_address=0x100000000 size=0x10000000 user_address=0x7fcf34000000} fd=memfd#2:256M',
      'ADD_MEM_REG region={guest_address=0x100000000 size=0x10000000 user_address=region-0} fd=memfd#2:256M',
    ],
  ])('keep the sense of %s', (line, expected) => {
    expect(new Pseudonyms(memory).line(line)).toBe(expected);
  });

  it.each([
    [
      ['qemu-system-x86_64', '-name', 'guest=alice'],
      ['qemu-system-x86_64', '-name', 'name-1'],
    ],
    [
      ['-drive', 'file=/srv/alice.img,serial=A1B2,if=none'],
      ['-drive', 'file=path-1.img,serial=name-1,if=none'],
    ],
    [
      ['-object', 'secret,id=s0,data=hunter2'],
      ['-object', 'secret,id=s0,data=name-1'],
    ],
    [
      ['/usr/lib/qemu/virtiofsd', '--socket-path=/run/vm/a.sock'],
      ['/usr/lib/qemu/virtiofsd', '--socket-path=path-1.sock'],
    ],
    [
      ['--vdev', 'net_vhost0,iface=/tmp/n,queues=1'],
      ['--vdev', 'net_vhost0,iface=path-1,queues=1'],
    ],
    [
      ['-netdev', 'user,hostfwd=tcp:10.0.0.7:22-:22'],
      ['-netdev', 'user,hostfwd=tcp:ip-1:22-:22'],
    ],
    [
      ['-device', 'virtio-net-pci,mac=52:54:00:12:34:56,romfile='],
      ['-device', 'virtio-net-pci,mac=mac-1,romfile='],
    ],
  ])('hide what is private on the command line %j', (words, expected) => {
    expect(new Pseudonyms().commandLine(words)).toEqual(expected);
  });
});
