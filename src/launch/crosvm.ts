import { deviceByWord } from './device.ts';
import { lastField } from './fields.ts';
import { findByForms, type OptionForm } from './option-forms.ts';
import type { CommandLine, FrontEnd, Site } from './site.ts';

/** `--vhost-user type=fs,socket=PATH`, also with the type as a bare first word. */
const vhostUser: OptionForm = {
  flag: /^--vhost-user$/,
  socketKey: 'socket',
  deviceWord: fields => lastField(fields, 'type')?.value ?? (fields[0]?.bare ? fields[0].key : undefined),
};

/** The older options, one a device type, whose value begins with the path: `--vhost-user-fs PATH:TAG`. */
function findOlderOptions({ argv }: CommandLine): Site[] {
  return argv.flatMap((word, at) => {
    const match = /^--vhost-user-([a-z0-9-]+)(?:=(.*))?$/.exec(word);
    if (!match) return [];
    const inWord = match[2] !== undefined;
    const index = inWord ? at : at + 1;
    const start = inWord ? word.length - (match[2] as string).length : 0;
    const path = /^[^,:]*/.exec(argv[index]?.slice(start) ?? '')?.[0];
    if (!path) return [];
    const option = `--vhost-user-${match[1]} ${path}`;
    const device = deviceByWord(match[1] as string, option);
    return {
      option,
      name: device?.name ?? 'device',
      ...(device && { device }),
      address: { kind: 'path' as const, path },
      frontEndListens: false,
      source: index,
      edits: (ours: string) => [{ start, end: start + path.length, text: ours }],
    };
  });
}

export const crosvm: FrontEnd = {
  name: 'crosvm',
  options: '--vhost-user …,socket=',
  find: line => [...findByForms(line, [vhostUser]), ...findOlderOptions(line)],
};
