/** What is generated from the declarations and kept in the repository. A new output is a line here. */
import { diagnosesDoc } from './diagnoses-doc.ts';
import { dialectsDoc } from './dialects-doc.ts';
import { disconnectsDoc } from './disconnects-doc.ts';
import { protocolDocs } from './docs.ts';
import { filtersText } from './filters.ts';
import { recordSchema } from './json-schema.ts';
import { luaDissectors } from './lua.ts';
import { rulesDoc } from './rules-doc.ts';
import { statesDoc } from './states-doc.ts';
import { grownFieldList } from './wireshark-fields.ts';

/** A generated file. */
export interface Output {
  /** Path in the repository. */
  readonly path: string;
  /** Makes its text; `read` gives the text of another file of the repository. */
  make(read: (path: string) => string): string;
}

/** Every generated file. */
export const outputs: readonly Output[] = [
  { path: 'docs/protocol.md', make: protocolDocs },
  {
    path: 'docs/wireshark/vhuscope.lua',
    make: read =>
      luaDissectors(part => read(`src/export/derive/lua/${part}`), JSON.parse(read('package.json')).version),
  },
  { path: 'docs/wireshark/fields.txt', make: read => grownFieldList(read('docs/wireshark/fields.txt')) },
  { path: 'docs/records.schema.json', make: recordSchema },
  { path: 'docs/filters.md', make: read => filtersText(read('src/export/derive/filters-introduction.md')) },
  { path: 'docs/rules.md', make: rulesDoc },
  { path: 'docs/diagnoses.md', make: diagnosesDoc },
  { path: 'docs/dialects.md', make: dialectsDoc },
  { path: 'docs/states.md', make: statesDoc },
  { path: 'docs/disconnects.md', make: disconnectsDoc },
];
