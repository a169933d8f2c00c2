/** What is generated from the declarations and kept in the repository. A new output is a line here. */
import { luaDissectors } from './lua.ts';

/** A generated file. */
export interface Output {
  /** Path in the repository. */
  readonly path: string;
  /** Makes its text; `read` gives the text of another file of the repository. */
  make(read: (path: string) => string): string;
}

/** Every generated file. */
export const outputs: readonly Output[] = [
  {
    path: 'docs/wireshark/vhuscope.lua',
    make: read =>
      luaDissectors(part => read(`src/export/derive/lua/${part}`), JSON.parse(read('package.json')).version),
  },
];
