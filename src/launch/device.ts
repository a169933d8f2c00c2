/** Which virtio device a socket is for, as far as a command line or the socket's name tells; always with the reason. */

/** A device type and how it is known; `id` is the virtio device id. */
export interface DeviceGuess {
  id: number;
  name: string;
  /** For people, e.g. `-device vhost-user-fs-pci`. */
  reason: string;
}

/** Device types that go over vhost-user: virtio id, our name, and the words that front-ends and socket names use. */
const devices: readonly (readonly [id: number, name: string, ...words: string[]])[] = [
  [1, 'net', 'dpdkvhostuser', 'dpdkvhostuserclient', 'passt', 'vhostnet'],
  [2, 'block', 'blk', 'disk', 'vhostblk'],
  [3, 'console', 'serial'],
  [4, 'rng', 'entropy'],
  [8, 'scsi', 'vhostscsi'],
  [9, '9p'],
  [16, 'gpu', 'vga', 'vhostgpu'],
  [18, 'input', 'keyboard', 'mouse', 'tablet', 'evdev'],
  [19, 'vsock'],
  [20, 'crypto', 'cryptodev'],
  [25, 'sound', 'snd'],
  [26, 'fs', 'virtiofs', 'virtiofsd', 'vhostfs'],
  [28, 'rpmb'],
  [29, 'mac80211-hwsim', 'hwsim'],
  [30, 'video-encoder'],
  [31, 'video-decoder'],
  [32, 'scmi'],
  [34, 'i2c'],
  [36, 'can'],
  [41, 'gpio'],
  [45, 'spi'],
  [48, 'media'],
];

/** The device with a virtio id; its name is the number where the id is not one of ours. */
export function deviceById(id: number, reason: string): DeviceGuess {
  return { id, name: devices.find(row => row[0] === id)?.[1] ?? String(id), reason };
}

/** The device a word stands for (`fs`, `blk`, `snd`, `26`), if any. */
export function deviceByWord(word: string, reason: string): DeviceGuess | undefined {
  if (/^\d{1,5}$/.test(word)) return deviceById(Number(word), reason);
  const row = devices.find(([, ...words]) => words.includes(word.toLowerCase()));
  return row && { id: row[0], name: row[1], reason };
}

/**
 * The device a socket's name speaks of: its file name is cut into words, digits at their ends ignored, and then the
 * folders above it, nearest first.
 */
export function deviceBySocketName(path: string): DeviceGuess | undefined {
  for (const part of path.split('/').reverse()) {
    for (const word of part.toLowerCase().split(/[^a-z0-9]+/)) {
      const known = [word, word.replace(/\d+$/, ''), word.replace(/^(virtio|vhost|vu|vhu)/, '').replace(/\d+$/, '')];
      for (const candidate of known) {
        const device = /^\d*$/.test(candidate) ? undefined : deviceByWord(candidate, `'${word}' in the socket's name`);
        if (device) return device;
      }
    }
  }
  return undefined;
}

/** Every name and word that can stand for a device type, for help and completion. */
export const deviceNames: readonly string[] = devices.map(row => row[1]);
