/** docs/disconnects.md: what QEMU did when its connection was closed in the place of a message, as it was recorded. */

/** One try, as docs/disconnects/NAME.json keeps it. */
export interface Disconnect {
  /** Which message of the front-end was not delivered, from 1, and its name; 0 and none where all were. */
  readonly n: number;
  readonly instead: string;
  /** What the guest's test of the device came to; `none` where it did not end. */
  readonly guest: 'passes' | 'fails' | 'none';
  /** `goes on`, `hangs` (the monitor does not answer), or how it ended. */
  readonly qemu: string;
  /** What QEMU complained of, in order. */
  readonly says: readonly string[];
  /** Connections it made on which it spoke. */
  readonly connections: number;
}

/** What was tried with one set-up. */
export interface Disconnects {
  readonly kind: 'blk' | 'fs' | 'net';
  readonly reconnect: boolean;
  /** Packages of Debian. */
  readonly front_end: string;
  readonly back_end: string;
  readonly rows: readonly Disconnect[];
}

/** The files, in the order of the document. */
const files = [
  ...['blk', 'blk-reconnect', 'fs', 'fs-reconnect', 'net', 'net-reconnect'],
  ...['qemu10-blk', 'qemu10-blk-reconnect', 'qemu10-net', 'qemu10-net-reconnect'],
];
const titles = { blk: 'A disk', fs: 'A shared folder', net: 'A network card' } as const;

/** The text of docs/disconnects.md. */
export function disconnectsDoc(read: (path: string) => string): string {
  const tables = files.map(name => JSON.parse(read(`docs/disconnects/${name}.json`)) as Disconnects);
  return [read('src/export/derive/disconnects-introduction.md').trimEnd(), ...tables.flatMap(section), ''].join('\n\n');
}

function section({ kind, reconnect, front_end, back_end, rows }: Disconnects): string[] {
  const version = /(\d+)\.\d+/.exec(front_end)?.[1] ?? '';
  return [
    `## ${titles[kind]}, ${reconnect ? 'with reconnect' : 'without reconnect'}, QEMU ${version}`,
    `${front_end} with ${back_end}.`,
    [
      '| n | instead of | guest’s test | QEMU | connections | its last words |',
      '|---|---|---|---|---|---|',
      ...rows.map(
        ({ n, instead, guest, qemu, connections, says }) =>
          `| ${n === 0 ? '' : n} | ${instead === '' ? '*nothing is lost*' : instead} | ${guest === 'none' ? '–' : guest} | ${qemu} | ${connections} | ${words(says)} |`,
      ),
    ].join('\n'),
  ];
}

function words(says: readonly string[]): string {
  const last = says.at(-1);
  return last === undefined ? '' : `“${last.replace(/^-(device|netdev) [^:]*: /, '').replaceAll('|', '\\|')}”`;
}
