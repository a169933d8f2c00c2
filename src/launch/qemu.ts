/**
 * QEMU names a vhost-user socket in a -chardev, and uses it by id from a -netdev, -device or -object. Only the chardevs
 * so used are touched: monitors, serial ports and guest agents have sockets of the same form.
 */
import { type DeviceGuess, deviceById, deviceByWord } from './device.ts';
import type { Edit } from './fields.ts';
import { configFiles, fieldsNamed, isOn, type QemuOption, qemuOptions, settings, valueFor } from './qemu-options.ts';
import { type Address, type CommandLine, type FrontEnd, RewriteError, type Site } from './site.ts';

/** A device whose messages go over a chardev. */
interface Use {
  chardev: string;
  name: string | undefined;
  device?: DeviceGuess;
}

/** The use of a chardev for vhost-user that an option makes, if it makes one. */
function useOf(option: QemuOption): Use | undefined {
  const chardev = valueFor(option, 'chardev');
  if (chardev === undefined) return undefined;
  const device = deviceOf(option);
  return device === false ? undefined : { chardev, name: option.id, ...(device && { device }) };
}

/** The device an option makes: undefined for one of a type not known, false for one that is not vhost-user. */
function deviceOf(option: QemuOption): DeviceGuess | undefined | false {
  switch (option.group) {
    case 'netdev':
    case 'net':
    case 'nic':
      return valueFor(option, 'type') === 'vhost-user' && deviceByWord('net', option.shown);
    case 'object':
      return valueFor(option, 'qom-type') === 'cryptodev-vhost-user' && deviceByWord('crypto', option.shown);
    case 'device': {
      const driver = /^vhost-user-(.+?)(-pci|-device|-ccw)?(-(non-)?transitional)?$/.exec(
        valueFor(option, 'driver') ?? '',
      );
      if (!driver) return false;
      const id = valueFor(option, 'virtio-id');
      return id === undefined ? deviceByWord(driver[1] as string, option.shown) : deviceById(Number(id), option.shown);
    }
    default:
      return false;
  }
}

/** What the chardev option names; throws RewriteError where that is nothing that can be exchanged. */
function addressOf(chardev: QemuOption): Address {
  const backend = valueFor(chardev, 'backend');
  const path = valueFor(chardev, 'path');
  const fd = valueFor(chardev, 'fd');
  if (backend !== 'socket') throw new RewriteError(`${chardev.shown}: vhost-user needs a socket, not '${backend}'`);
  if (fd !== undefined) {
    if (!/^\d+$/.test(fd)) throw new RewriteError(`${chardev.shown}: fd=${fd} is not the number of a descriptor`);
    return { kind: 'fd', fd: Number(fd) };
  }
  if (path === undefined)
    throw new RewriteError(`${chardev.shown}: only a UNIX socket can be taken over, and it has no path`);
  if (isOn(chardev, 'abstract', false)) return { kind: 'abstract', name: path, padded: !isOn(chardev, 'tight', true) };
  return { kind: 'path', path };
}

/** Puts our path in the place of the address, and takes away what made it another kind of address. */
function editsOf(chardev: QemuOption, ours: string): Edit[] {
  const { notation, fields } = chardev;
  if (!notation) return [];
  const named = fields.findLast(field => field.key === 'path' || field.key === 'fd');
  if (!named) return [];
  const others = ['abstract', 'tight', 'path', 'fd'].flatMap(key => fieldsNamed(chardev, key)).filter(f => f !== named);
  const put =
    named.key === 'path'
      ? { start: named.valueStart, end: named.valueEnd, text: notation.value(ours) }
      : { start: named.start, end: named.end, text: notation.field('path', ours) };
  return [put, ...others.map(field => notation.remove(field))];
}

function siteOf(use: Use, chardev: QemuOption): Site {
  if (!chardev.notation)
    throw new RewriteError(`${chardev.shown}: cannot be taken over in JSON form; write it as key=value`);
  return {
    option: chardev.shown,
    name: use.name ?? use.chardev,
    ...(use.device && { device: use.device }),
    address: addressOf(chardev),
    frontEndListens: isOn(chardev, 'server', false),
    source: chardev.source,
    edits: ours => editsOf(chardev, ours),
  };
}

/** Finds the chardevs that vhost-user devices use. A chardev that does not exist is left for QEMU to complain about. */
function find(line: CommandLine): Site[] {
  const options = qemuOptions(line);
  const chardevs = new Map(options.filter(o => o.group === 'chardev' && o.id !== undefined).map(o => [o.id, o]));
  const uses = new Map(options.flatMap(o => useOf(o) ?? []).map(use => [use.chardev, use]));
  for (const { shown, group, id, key } of settings(line.argv)) {
    if (group !== 'chardev' || !uses.has(id) || !['path', 'fd', 'server', 'abstract', 'tight'].includes(key)) continue;
    throw new RewriteError(`${shown}: changes a socket that is to be taken over; write it into the -chardev option`);
  }
  return [...uses.values()].flatMap(use => {
    const chardev = chardevs.get(use.chardev);
    return chardev ? siteOf(use, chardev) : [];
  });
}

export const qemu: FrontEnd = {
  name: 'QEMU',
  options: 'the -chardev of a -netdev vhost-user, -device vhost-user-… or -object cryptodev-vhost-user',
  configFiles,
  find,
};
