import { deviceByWord } from './device.ts';
import type { FrontEnd } from './site.ts';

/** User-mode Linux: `virtio_uml.device=SOCKET:VIRTIO_ID[:PLATFORM_ID]` on the kernel's command line. */
export const userModeLinux: FrontEnd = {
  name: 'user-mode Linux',
  options: 'virtio_uml.device=',
  find: ({ argv }) =>
    argv.flatMap((word, source) => {
      const match = /^(virtio_uml\.device=)(.+?):(\d+)(:\d+)?$/.exec(word);
      if (!match) return [];
      const [, key = '', path = '', id = ''] = match;
      const device = deviceByWord(id, word);
      return {
        option: word,
        name: device?.name ?? 'device',
        ...(device && { device }),
        address: { kind: 'path' as const, path },
        frontEndListens: false,
        source,
        edits: (ours: string) => [{ start: key.length, end: key.length + path.length, text: ours }],
      };
    }),
};
