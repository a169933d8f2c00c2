import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configFilesOf, rewrite, shellQuoted } from '../../src/launch/rewrite.ts';

/** Cuts a command line at spaces, as nothing in the rows needs quoting; `~` stands for a space within a word. */
const words = (text: string) => text.split(' ').map(word => word.replaceAll('~', ' '));

interface Row {
  what: string;
  given: string;
  /** The command line afterwards, where `OURS` stands for our folder. */
  becomes: string;
  /** `name device front|back original` for each pair: who listens on the socket of the front-end's side. */
  pairs: string[];
}

const rows: Row[] = [
  {
    what: 'QEMU with virtiofsd, as its documentation shows',
    given:
      'qemu-system-x86_64 -M pc -cpu host --enable-kvm -smp 2 -m 4G -object memory-backend-file,id=mem,size=4G,mem-path=/dev/shm,share=on -numa node,memdev=mem -chardev socket,id=char0,path=/var/run/vm001-vhost-fs.sock -device vhost-user-fs-pci,queue-size=1024,chardev=char0,tag=myfs',
    becomes:
      'qemu-system-x86_64 -M pc -cpu host --enable-kvm -smp 2 -m 4G -object memory-backend-file,id=mem,size=4G,mem-path=/dev/shm,share=on -numa node,memdev=mem -chardev socket,id=char0,path=OURS/char0.sock -device vhost-user-fs-pci,queue-size=1024,chardev=char0,tag=myfs',
    pairs: ['char0 fs back /var/run/vm001-vhost-fs.sock'],
  },
  {
    what: 'libvirt: JSON devices; monitor and guest agent stay',
    given:
      'qemu-kvm -chardev socket,id=charmonitor,fd=23,server=on,wait=off -mon chardev=charmonitor,id=monitor,mode=control -chardev socket,id=chr-vu-fs0,path=/var/lib/libvirt/qemu/domain-1-vm/fs0-fs.sock -device {"driver":"vhost-user-fs-pci","id":"fs0","chardev":"chr-vu-fs0","queue-size":1024,"tag":"mnt"} -chardev socket,id=charnet0,path=/var/run/openvswitch/vhu1,server=on -netdev {"type":"vhost-user","chardev":"charnet0","queues":4,"id":"hostnet0"} -device {"driver":"virtio-net-pci","netdev":"hostnet0"} -chardev socket,id=charchannel0,path=/run/qga.sock,server=on -device {"driver":"virtserialport","chardev":"charchannel0","name":"org.qemu.guest_agent.0"}',
    becomes:
      'qemu-kvm -chardev socket,id=charmonitor,fd=23,server=on,wait=off -mon chardev=charmonitor,id=monitor,mode=control -chardev socket,id=chr-vu-fs0,path=OURS/fs0.sock -device {"driver":"vhost-user-fs-pci","id":"fs0","chardev":"chr-vu-fs0","queue-size":1024,"tag":"mnt"} -chardev socket,id=charnet0,path=OURS/hostnet0.sock,server=on -netdev {"type":"vhost-user","chardev":"charnet0","queues":4,"id":"hostnet0"} -device {"driver":"virtio-net-pci","netdev":"hostnet0"} -chardev socket,id=charchannel0,path=/run/qga.sock,server=on -device {"driver":"virtserialport","chardev":"charchannel0","name":"org.qemu.guest_agent.0"}',
    pairs: [
      'fs0 fs back /var/lib/libvirt/qemu/domain-1-vm/fs0-fs.sock',
      'hostnet0 net front /var/run/openvswitch/vhu1',
    ],
  },
  {
    what: 'kata: romfile and a long id',
    given:
      '/opt/kata/bin/qemu-system-x86_64 -name sandbox-1 -qmp unix:/run/vc/vm/1/qmp.sock,server=on,wait=off -chardev socket,id=char-96ae3d46ac1ab7c5,path=/run/vc/vm/1/vhost-fs.sock -device vhost-user-fs-pci,chardev=char-96ae3d46ac1ab7c5,tag=kataShared,romfile= -daemonize',
    becomes:
      '/opt/kata/bin/qemu-system-x86_64 -name sandbox-1 -qmp unix:/run/vc/vm/1/qmp.sock,server=on,wait=off -chardev socket,id=char-96ae3d46ac1ab7c5,path=OURS/char-96ae3d46ac1ab7c5.sock -device vhost-user-fs-pci,chardev=char-96ae3d46ac1ab7c5,tag=kataShared,romfile= -daemonize',
    pairs: ['char-96ae3d46ac1ab7c5 fs back /run/vc/vm/1/vhost-fs.sock'],
  },
  {
    what: 'an OVS port of each kind, a bare server word, type=vhost-user',
    given:
      'kvm -chardev socket,id=c1,path=/run/ovs/dpdkvhostuser1 -netdev type=vhost-user,id=n1,chardev=c1,vhostforce=on -chardev socket,path=/run/ovs/client2,server,nowait,id=c2 -netdev vhost-user,id=n2,chardev=c2',
    becomes:
      'kvm -chardev socket,id=c1,path=OURS/n1.sock -netdev type=vhost-user,id=n1,chardev=c1,vhostforce=on -chardev socket,path=OURS/n2.sock,server,nowait,id=c2 -netdev vhost-user,id=n2,chardev=c2',
    pairs: ['n1 net back /run/ovs/dpdkvhostuser1', 'n2 net front /run/ovs/client2'],
  },
  {
    what: 'doubled commas, reconnect, server=off, a device before its chardev, two dashes',
    given:
      'qemu --device vhost-user-blk-pci,id=disk,chardev=c,num-queues=2 --chardev socket,id=c,path=/tmp/a,,b=c.sock,reconnect=1,server=off',
    becomes:
      'qemu --device vhost-user-blk-pci,id=disk,chardev=c,num-queues=2 --chardev socket,id=c,path=OURS/disk.sock,reconnect=1,server=off',
    pairs: ['disk blk back /tmp/a,b=c.sock'],
  },
  {
    what: 'the abstract namespace, tight and padded',
    given:
      'qemu -chardev socket,id=a,path=one,abstract=on -chardev socket,id=b,abstract=on,tight=off,path=two,server=on -chardev socket,id=c,path=/three,abstract=off -device vhost-user-rng,chardev=a -device vhost-user-gpio-device,chardev=b -device vhost-user-vsock-pci-non-transitional,chardev=c',
    becomes:
      'qemu -chardev socket,id=a,path=OURS/a.sock -chardev socket,id=b,path=OURS/b.sock,server=on -chardev socket,id=c,path=OURS/c.sock -device vhost-user-rng,chardev=a -device vhost-user-gpio-device,chardev=b -device vhost-user-vsock-pci-non-transitional,chardev=c',
    pairs: ['a rng back @one', 'b gpio front @two+', 'c vsock back /three'],
  },
  {
    what: 'inherited descriptors',
    given:
      'qemu -chardev socket,id=a,fd=7 -device vhost-user-scsi-pci,chardev=a -chardev socket,id=b,fd=8,server=on -object cryptodev-vhost-user,id=crypto0,chardev=b',
    becomes:
      'qemu -chardev socket,id=a,path=OURS/a.sock -device vhost-user-scsi-pci,chardev=a -chardev socket,id=b,path=OURS/crypto0.sock,server=on -object cryptodev-vhost-user,id=crypto0,chardev=b',
    pairs: ['a scsi back fd:7', 'crypto0 crypto front fd:8'],
  },
  {
    what: 'a device of any type, and graphics',
    given:
      'qemu -chardev socket,id=a,path=/a -device vhost-user-device-pci,virtio-id=26,chardev=a -chardev socket,id=b,path=/b -device vhost-user-vga,chardev=b -chardev socket,id=c,path=/c -device vhost-user-snd-pci,chardev=c',
    becomes:
      'qemu -chardev socket,id=a,path=OURS/a.sock -device vhost-user-device-pci,virtio-id=26,chardev=a -chardev socket,id=b,path=OURS/b.sock -device vhost-user-vga,chardev=b -chardev socket,id=c,path=OURS/c.sock -device vhost-user-snd-pci,chardev=c',
    pairs: ['a fs back /a', 'b gpu back /b', 'c snd back /c'],
  },
  {
    what: 'the later of two paths counts',
    given: 'qemu -chardev socket,id=a,path=/a,path=/b -device vhost-user-blk,chardev=a',
    becomes: 'qemu -chardev socket,id=a,path=OURS/a.sock -device vhost-user-blk,chardev=a',
    pairs: ['a blk back /b'],
  },
  {
    what: 'DPDK virtio-user as client and server; net_vhost, PCI and kernel vhost stay',
    given:
      'dpdk-testpmd -l 0,1 -a 0000:01:00.0 --vdev net_vhost0,iface=/tmp/be.sock --vdev=net_virtio_user0,path=/tmp/u.sock,queues=2 --vdev net_virtio_user1,server=1,path=/tmp/v.sock --vdev virtio_user2,path=/dev/vhost-net,queue_size=1024 -- -i',
    becomes:
      'dpdk-testpmd -l 0,1 -a 0000:01:00.0 --vdev net_vhost0,iface=/tmp/be.sock --vdev=net_virtio_user0,path=OURS/virtio_user0.sock,queues=2 --vdev net_virtio_user1,server=1,path=OURS/virtio_user1.sock --vdev virtio_user2,path=/dev/vhost-net,queue_size=1024 -- -i',
    pairs: ['virtio_user0 net back /tmp/u.sock', 'virtio_user1 net front /tmp/v.sock'],
  },
  {
    what: 'cloud-hypervisor: vsock, serial and API sockets and plain disks stay',
    given:
      'cloud-hypervisor --api-socket path=/run/api.sock --disk path=os.img vhost_user=true,socket=/run/blk.sock --net tap=t0 vhost_user=on,socket=/run/net.sock,vhost_mode=server --fs tag=a,socket="/run/a,b.sock",id=shared --generic-vhost-user socket=/run/snd.sock,virtio_id=25,queue_sizes=[64,64,64,64] --vsock cid=3,socket=/run/vsock.sock --serial socket=/run/ttyS0',
    becomes:
      'cloud-hypervisor --api-socket path=/run/api.sock --disk path=os.img vhost_user=true,socket=OURS/blk.sock --net tap=t0 vhost_user=on,socket=OURS/net.sock,vhost_mode=server --fs tag=a,socket=OURS/shared.sock,id=shared --generic-vhost-user socket=OURS/snd.sock,virtio_id=25,queue_sizes=[64,64,64,64] --vsock cid=3,socket=/run/vsock.sock --serial socket=/run/ttyS0',
    pairs: [
      'blk blk back /run/blk.sock',
      'net net front /run/net.sock',
      'shared fs back /run/a,b.sock',
      'snd snd back /run/snd.sock',
    ],
  },
  {
    what: 'crosvm, newer and older options',
    given:
      'crosvm run --vhost-user type=fs,socket=/run/fs.sock,max-queue-size=256 --vhost-user block,socket=/run/b.sock --vhost-user-fs /run/old.sock:tag --vhost-user-net=/run/n.sock --socket /run/crosvm.sock vmlinux',
    becomes:
      'crosvm run --vhost-user type=fs,socket=OURS/fs.sock,max-queue-size=256 --vhost-user block,socket=OURS/blk.sock --vhost-user-fs OURS/fs-2.sock:tag --vhost-user-net=OURS/net.sock --socket /run/crosvm.sock vmlinux',
    pairs: [
      'fs fs back /run/fs.sock',
      'blk blk back /run/b.sock',
      'fs-2 fs back /run/old.sock',
      'net net back /run/n.sock',
    ],
  },
  {
    what: 'user-mode Linux',
    given: './linux mem=128M virtio_uml.device=/tmp/net:1 virtio_uml.device=/tmp/blk:2:7 con=null',
    becomes: './linux mem=128M virtio_uml.device=OURS/net.sock:1 virtio_uml.device=OURS/blk.sock:2:7 con=null',
    pairs: ['net net back /tmp/net', 'blk blk back /tmp/blk'],
  },
];

/** A command line rewritten, in the notation of the rows. */
function shown(given: string, files: Record<string, string> = {}) {
  const line = { argv: words(given), files: new Map(Object.entries(files)) };
  const { pairs, argv, files: written } = rewrite(line, 'OURS');
  const lines = pairs.map(({ name, device, frontEndListens, original: at }) => {
    const where =
      at.kind === 'path' ? at.path : at.kind === 'fd' ? `fd:${at.fd}` : `@${at.name}${at.padded ? '+' : ''}`;
    return `${name} ${device?.name} ${frontEndListens ? 'front' : 'back'} ${where}`;
  });
  return { argv, lines, written, pairs };
}

describe('rewriting a command line', () => {
  it.each(rows)('$what', ({ given, becomes, pairs }) => {
    const { argv, lines, written } = shown(given);
    expect(argv).toEqual(words(becomes));
    expect(lines).toEqual(pairs);
    expect(written).toEqual([]);
  });

  it.each(rows)('$what: says which option told the device type', ({ given }) => {
    for (const { device } of shown(given).pairs) {
      const reason = words(device?.reason ?? '').at(-1) as string;
      expect(given).toContain(reason);
    }
  });

  it.each([
    [
      'qemu -nographic -chardev socket,id=m,path=/m -mon chardev=m',
      /^no vhost-user socket in the command.*QEMU: the -chardev/s,
    ],
    [
      'qemu -chardev pty,id=c -device vhost-user-fs-pci,chardev=c',
      /^-chardev pty,id=c: vhost-user needs a socket, not 'pty'$/,
    ],
    [
      'qemu -chardev socket,id=c,host=h,port=1 -device vhost-user-fs-pci,chardev=c',
      /^-chardev socket,id=c,host=h.* has no path$/,
    ],
    [
      'qemu -chardev socket,id=c,fd=name -device vhost-user-fs-pci,chardev=c',
      /^-chardev socket,id=c,fd=name: fd=name is not the number/,
    ],
    [
      'qemu -chardev {"id":"c"} -device vhost-user-fs-pci,chardev=c',
      /^-chardev {"id":"c"}: cannot be taken over in JSON form/,
    ],
    ['qemu -chardev socket,id=c,path=/c -device {"driver":', /^-device {"driver":: /],
    [
      'qemu -chardev socket,id=c,path=/c -device vhost-user-fs-pci,chardev=c -set chardev.c.path=/d',
      /^-set chardev.c.path=\/d: changes a socket/,
    ],
  ])('refuses %s', (given, message) => {
    expect(() => shown(given)).toThrow(message);
  });

  it('leaves a setting of another chardev alone', () => {
    const given = 'qemu -chardev socket,id=c,path=/c -device vhost-user-fs-pci,chardev=c -set chardev.m.path=/d';
    expect(shown(given).argv.at(-1)).toBe('chardev.m.path=/d');
  });
});

describe('any command line', () => {
  const path = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(text => !text.includes('\0'));
  const other = fc.oneof(fc.string(), fc.constantFrom('-append', '-nographic', '-mon', 'chardev=m', '--', '-name'));

  it('gives back the very path that was written, and keeps every other word', () => {
    fc.assert(
      fc.property(path, fc.array(other), fc.boolean(), (given, words, listens) => {
        const chardev = `socket,id=c,path=${given.replaceAll(',', ',,')}${listens ? ',server=on,wait=off' : ''}`;
        const argv = ['qemu', '-chardev', chardev, '-device', 'vhost-user-fs-pci,chardev=c', ...words];
        const { argv: result, pairs } = rewrite({ argv, files: new Map() }, '/our,s');
        expect(pairs).toMatchObject([{ original: { kind: 'path', path: given }, frontEndListens: listens }]);
        const ours = `socket,id=c,path=/our,,s/c.sock${listens ? ',server=on,wait=off' : ''}`;
        expect(result).toEqual(argv.with(2, ours));
      }),
    );
  });
});

describe('a -readconfig file', () => {
  const file = `# devices
[chardev "monitor"]
  backend = "socket"
  path = "/run/monitor"
  server = "on"

[chardev "c0"]
  backend = "socket"
  path = "/run/a,b.sock"
  abstract = "off"
  reconnect = "1"

[device "disk"]
  driver = "vhost-user-blk-pci"
  chardev = "c0"
`;

  it('is rewritten as a copy, and the option names the copy', () => {
    const given =
      'qemu -readconfig vm.cfg -chardev socket,id=c1,path=/run/fs.sock -device vhost-user-fs-pci,chardev=c1';
    expect(configFilesOf(words(given))).toEqual(['vm.cfg']);
    const { argv, lines, written } = shown(given, { 'vm.cfg': file });
    expect(argv.slice(0, 3)).toEqual(['qemu', '-readconfig', 'OURS/0.cfg']);
    expect(lines).toEqual(['disk blk back /run/a,b.sock', 'c1 fs back /run/fs.sock']);
    expect(written).toEqual([
      { path: 'OURS/0.cfg', text: file.replace('/run/a,b.sock', 'OURS/disk.sock').replace('  abstract = "off"\n', '') },
    ]);
  });

  it('may hold only the chardev, and one with a descriptor', () => {
    const given = 'qemu -readconfig a.cfg -device vhost-user-fs-pci,chardev=c';
    const { written } = shown(given, { 'a.cfg': '[chardev "c"]\n  backend = "socket"\n  fd = "5"\n' });
    expect(written[0]?.text).toBe('[chardev "c"]\n  backend = "socket"\n  path = "OURS/c.sock"\n');
  });

  it('stays where it names no vhost-user socket', () => {
    const given = 'qemu -readconfig m.cfg -chardev socket,id=c1,path=/fs -device vhost-user-fs-pci,chardev=c1';
    const { argv, written } = shown(given, { 'm.cfg': '[chardev "m"]\n  backend = "socket"\n  path = "/m"\n' });
    expect({ config: argv[2], written }).toEqual({ config: 'm.cfg', written: [] });
  });
});

it('quotes words for a shell', () => {
  expect(shellQuoted(['qemu', '-device', '{"a":"b"}', "it's", 'a b', 'x=/y,z'])).toBe(
    `qemu -device '{"a":"b"}' 'it'\\''s' 'a b' x=/y,z`,
  );
});
