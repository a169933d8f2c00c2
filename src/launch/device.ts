/** Which virtio device a socket is for, as far as a command line or the socket's name tells; always with the reason. */
import type { KnownDevice } from '../decode/device.ts';
import { deviceByName, deviceById as specById } from '../decode/spec/devices/index.ts';

/** A device type and how it is known; `id` is the virtio device id. */
export interface DeviceGuess {
  id: number;
  name: string;
  from: 'command-line' | 'socket-name';
  /** For people, e.g. `-device vhost-user-fs-pci`. */
  reason: string;
}

/** The guess as the decoder weighs it against others. */
export function knownDevice({ id, from, reason }: DeviceGuess): KnownDevice {
  return { id, from, reason, confidence: from === 'command-line' ? 'certain' : 'likely' };
}

/** Words for device types in the names of sockets and in the options of front-ends, by the type's own name. */
const words: Readonly<Record<string, readonly string[]>> = {
  net: ['net', 'dpdkvhostuser', 'dpdkvhostuserclient', 'passt'],
  blk: ['blk', 'block', 'disk'],
  rng: ['rng', 'entropy'],
  scsi: ['scsi'],
  gpu: ['gpu', 'vga'],
  input: ['input', 'keyboard', 'mouse', 'tablet'],
  vsock: ['vsock'],
  crypto: ['crypto', 'cryptodev'],
  snd: ['snd', 'sound', 'audio'],
  fs: ['fs', 'virtiofs', 'virtiofsd'],
  scmi: ['scmi'],
  i2c: ['i2c'],
  can: ['can'],
  gpio: ['gpio'],
  spi: ['spi'],
  hwsim: ['hwsim'],
};

const nameOfWord = new Map(Object.entries(words).flatMap(([name, all]) => all.map(word => [word, name] as const)));

/** The device with a virtio id; its name is the number where the id is not a known one. */
export function deviceById(id: number, reason: string): DeviceGuess {
  return { id, name: specById(id)?.name ?? String(id), from: 'command-line', reason };
}

/** The device a word of a front-end's option stands for (`fs`, `block`, `video-decoder`, `26`), if any. */
export function deviceByWord(word: string, reason: string): DeviceGuess | undefined {
  if (/^\d{1,5}$/.test(word)) return deviceById(Number(word), reason);
  const plainWord = word.toLowerCase();
  const spec = deviceByName(nameOfWord.get(plainWord) ?? plainWord.replaceAll('-', '_').replace(/^mac80211_/, ''));
  return spec && { id: spec.id, name: spec.name, from: 'command-line', reason };
}

/**
 * The device a socket's name speaks of: its file name is cut into words, digits at their ends and the word vhost
 * before them ignored, and then the folders above it, nearest first.
 */
export function deviceBySocketName(path: string): DeviceGuess | undefined {
  for (const part of path.split('/').reverse()) {
    for (const word of part.toLowerCase().split(/[^a-z0-9]+/)) {
      const stem = word.replace(/\d+$/, '');
      const name = [word, stem, stem.replace(/^(virtio|vhost|vhu|vu)/, '')]
        .map(each => nameOfWord.get(each))
        .find(Boolean);
      const spec = name === undefined ? undefined : deviceByName(name);
      if (spec) return { id: spec.id, name: spec.name, from: 'socket-name', reason: `'${word}' in the socket's name` };
    }
  }
  return undefined;
}
