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
const programs = { blk: 'qemu-storage-daemon', fs: 'virtiofsd', net: 'net_vhost of testpmd' } as const;
const titles = { blk: 'A disk', fs: 'A shared folder', net: 'A network card' } as const;

/** The text of docs/disconnects.md. */
export function disconnectsDoc(read: (path: string) => string): string {
  const tables = files.map(name => JSON.parse(read(`docs/disconnects/${name}.json`)) as Disconnects);
  return [
    read('src/export/derive/disconnects-introduction.md').trimEnd(),
    '## In short',
    summary(tables),
    ...tables.flatMap(section),
    '',
  ].join('\n\n');
}

function titleOf({ kind, reconnect, front_end }: Disconnects): string {
  const version = /(\d+)\.\d+/.exec(front_end)?.[1] ?? '';
  return `${titles[kind]}, ${reconnect ? 'with reconnect' : 'without reconnect'}, QEMU ${version}`;
}

/** One row for each set-up: stretches of messages whose loss comes to the same. */
function summary(tables: readonly Disconnects[]): string {
  return [
    '| set-up | lost messages, and what that comes to |',
    '|---|---|',
    ...tables.map(table => `| ${titleOf(table)} | ${stretches(table.rows).join('; ')} |`),
  ].join('\n');
}

function stretches(rows: readonly Disconnect[]): string[] {
  const found: { first: number; last: number; outcome: string }[] = [];
  for (const row of rows) {
    const outcome = outcomeOf(row);
    const last = found.at(-1);
    if (last?.outcome === outcome && last.first > 0) last.last = row.n;
    else found.push({ first: row.n, last: row.n, outcome });
  }
  return found.map(({ first, last, outcome }) => {
    const which = first === 0 ? 'none' : first === last ? String(first) : `${first}–${last}`;
    return `${which}: ${outcome}`;
  });
}

function outcomeOf({ guest, qemu, connections }: Disconnect): string {
  if (guest === 'none') return qemu === 'goes on' ? 'QEMU goes on, the guest waits' : `QEMU ${qemu}`;
  const again = connections > 1 ? `, ${connections} connections` : '';
  return `the guest’s test ${guest}${again}`;
}

function section(table: Disconnects): string[] {
  const { kind, front_end, back_end, rows } = table;
  return [
    `## ${titleOf(table)}`,
    `${front_end} with ${programs[kind]} (${back_end}).`,
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
  return last === undefined ? '' : `“${last.replaceAll('|', '\\|')}”`;
}
