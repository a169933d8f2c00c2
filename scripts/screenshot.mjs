// Photographs a terminal: runs a command in a real one (node-pty and xterm), presses keys, and has Chromium draw the
// screen as a PNG.
//
//   node scripts/screenshot.mjs docs/images/open.png 120x36 'j j j' -- node dist/cli/main.js open captures/fs.pcapng
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

const quietMs = 700;
const mostMs = 2500;
const named = { Enter: '\r', Tab: '\t', Escape: '\x1b', Down: '\x1b[B', Up: '\x1b[A', PageDown: '\x1b[6~', Space: ' ' };
/** The colours of xterm's palette; 16 and above are computed. */
const palette = [
  ...['#1d1f21', '#cc6666', '#8fbf6f', '#d7af5f', '#6f9fd8', '#b294bb', '#5fb3b3', '#c5c8c6'],
  ...['#7c7f82', '#e08080', '#a8d88a', '#f0c674', '#8fb8ea', '#caa9d2', '#7fd0d0', '#ffffff'],
];
const [background, foreground] = [palette[0], palette[7]];

const [file, size, keys] = process.argv.slice(2);
const command = process.argv.slice(process.argv.indexOf('--') + 1);
const [cols, rows] = (size ?? '').split('x').map(Number);
if (!file || !cols || !rows || command.length === 0) {
  console.error("usage: screenshot.mjs FILE.png COLSxROWS 'keys' -- COMMAND…");
  process.exit(2);
}

const screen = new headless.Terminal({ cols, rows, allowProposedApi: true });
const child = spawn(command[0], command.slice(1), { cols, rows, name: 'xterm-256color', cwd: process.cwd() });
let heard = Number.POSITIVE_INFINITY;
child.onData(data => {
  heard = Date.now();
  screen.write(data);
});
/** Waits until nothing moves any more, from the first sign of life on; a countdown never rests. */
const quiet = async () => {
  while (heard === Number.POSITIVE_INFINITY) await sleep(100);
  const patience = Date.now() + mostMs;
  do await sleep(100);
  while (Date.now() - heard < quietMs && Date.now() < patience);
};
await quiet();
for (const key of (keys ?? '').split(' ').filter(Boolean)) {
  child.write(named[key] ?? key);
  await quiet();
}
const html = page();
child.kill('SIGKILL');

const folder = mkdtempSync(join(tmpdir(), 'screenshot-'));
writeFileSync(join(folder, 'page.html'), html);
const width = Math.ceil(cols * 8.43) + 24;
const height = rows * 18 + 24;
const options = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--force-device-scale-factor=1.2'];
const done = spawnSync(
  'chromium',
  [...options, `--screenshot=${resolve(file)}`, `--window-size=${width},${height}`, `file://${folder}/page.html`],
  { encoding: 'utf8' },
);
rmSync(folder, { recursive: true });
if (done.status !== 0) throw new Error(done.stderr ?? done.error?.message);
process.exit(0);

function page() {
  const lines = Array.from({ length: rows }, (_, row) =>
    line(screen.buffer.active.getLine(screen.buffer.active.viewportY + row)),
  );
  return `<!doctype html><meta charset="utf-8"><style>body{margin:12px;background:${background};color:${foreground}}
pre{font:14px/18px 'DejaVu Sans Mono',monospace;margin:0}</style><pre>${lines.join('\n')}</pre>`;
}

function line(cells) {
  let text = '';
  for (let column = 0; column < cols; column++) {
    const cell = cells?.getCell(column);
    if (!cell || cell.getWidth() === 0) continue;
    const chars = (cell.getChars() || ' ').replace(/[&<>]/g, char => `&#${char.charCodeAt(0)};`);
    const style = styleOf(cell);
    text += style ? `<span style="${style}">${chars}</span>` : chars;
  }
  return text;
}

function styleOf(cell) {
  let [front, back] = [colour(cell, 'Fg'), colour(cell, 'Bg')];
  if (cell.isInverse()) [front, back] = [back ?? background, front ?? foreground];
  return [
    front && `color:${front}`,
    back && `background:${back}`,
    cell.isBold() && 'font-weight:bold',
    cell.isDim() && 'opacity:.65',
    cell.isUnderline() && 'text-decoration:underline',
  ]
    .filter(Boolean)
    .join(';');
}

function colour(cell, which) {
  const value = cell[`get${which}Color`]();
  if (cell[`is${which}RGB`]()) return `#${value.toString(16).padStart(6, '0')}`;
  if (!cell[`is${which}Palette`]()) return undefined;
  if (value < 16) return palette[value];
  if (value >= 232) return `rgb(${Array(3).fill(8 + (value - 232) * 10)})`;
  const part = power => [0, 95, 135, 175, 215, 255][Math.floor((value - 16) / power) % 6];
  return `rgb(${part(36)},${part(6)},${part(1)})`;
}
