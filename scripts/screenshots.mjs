// Takes the pictures of the terminal interface in docs/images: the built program in a pseudo-terminal, what an emulated
// terminal shows of it as a page, and a browser's picture of that page. Needs chromium.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const enter = '\r';

/** Each picture: the capture, the size of the terminal, and the keys up to it. */
const pictures = [
  { name: 'tui-detail', capture: 'fs', cols: 150, rows: 42, keys: [':28', enter, '2'] },
  { name: 'tui-features', capture: 'fs', cols: 150, rows: 42, keys: [':27', enter, '2', 'G', enter] },
  { name: 'tui-state', capture: 'fs', cols: 150, rows: 42, keys: [':37', enter, '4'] },
  { name: 'tui-ladder', capture: 'fs', cols: 150, rows: 42, keys: [':33', enter, '6', 'z'] },
  { name: 'tui-findings', capture: 'unshared-blk', cols: 120, rows: 34, keys: ['5'] },
  { name: 'tui-unshared-state', capture: 'unshared-blk', cols: 120, rows: 34, keys: ['e', '4', 'z'] },
];

const cell = { width: 8.4, height: 17 };
const colours = ['#2e3436', '#cc0000', '#4e9a06', '#c4a000', '#3465a4', '#75507b', '#06989a', '#d3d7cf'];
const bright = ['#555753', '#ef2929', '#8ae234', '#fce94f', '#729fcf', '#ad7fa8', '#34e2e2', '#eeeeec'];
const ground = '#14181c';
const ink = '#d8dee4';

/** A colour of the palette of 256. */
function colour(number) {
  if (number < 8) return colours[number];
  if (number < 16) return bright[number - 8];
  if (number >= 232) return grey(8 + (number - 232) * 10);
  const level = part => (part === 0 ? 0 : 55 + part * 40);
  const rest = number - 16;
  return `rgb(${level(Math.floor(rest / 36))},${level(Math.floor(rest / 6) % 6)},${level(rest % 6)})`;
}
const grey = value => `rgb(${value},${value},${value})`;
const escaped = text => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** The screen of a terminal as a page. */
function page({ active }, { cols, rows }) {
  const lines = Array.from({ length: rows }, (_, y) => {
    const line = active.getLine(y);
    let html = '';
    for (let x = 0; x < cols; x++) {
      const one = line?.getCell(x);
      if (!one || one.getWidth() === 0) continue;
      let fg = one.isFgDefault() ? ink : colour(one.getFgColor());
      let bg = one.isBgDefault() ? ground : colour(one.getBgColor());
      if (one.isInverse()) [fg, bg] = [bg, fg];
      const style = [
        `color:${fg}`,
        bg === ground ? '' : `background:${bg}`,
        one.isBold() ? 'font-weight:bold' : '',
        one.isUnderline() ? 'text-decoration:underline' : '',
      ];
      html += `<i style="${style.filter(Boolean).join(';')}">${escaped(one.getChars() || ' ')}</i>`;
    }
    return `<div>${html}</div>`;
  });
  const css = `body{margin:0;padding:10px;background:${ground};font:14px/17px "DejaVu Sans Mono",monospace}
    div{height:17px;white-space:pre;overflow:hidden}i{font-style:normal;display:inline-block;width:8.43px;height:17px;vertical-align:top}`;
  return `<!doctype html><meta charset="utf-8"><style>${css}</style>${lines.join('')}`;
}

async function take({ name, capture, cols, rows, keys }) {
  const emulator = new headless.Terminal({ cols, rows, allowProposedApi: true });
  const args = [join(root, 'dist/cli/main.js'), 'open', join(root, 'captures', `${capture}.pcapng`)];
  const env = { ...process.env, LANG: 'C.UTF-8', TERM: 'xterm-256color', NO_COLOR: '' };
  const viewer = spawn(process.execPath, args, { cols, rows, name: 'xterm-256color', env });
  viewer.onData(data => emulator.write(data));
  await pause(2500);
  for (const key of keys) {
    viewer.write(key);
    await pause(400);
  }
  await pause(600);
  const folder = mkdtempSync(join(tmpdir(), 'vhuscope-picture-'));
  const html = join(folder, 'screen.html');
  writeFileSync(html, page(emulator.buffer, { cols, rows }));
  viewer.write('q');
  const size = `${Math.ceil(cols * 8.43) + 20},${rows * cell.height + 20}`;
  const target = join(root, 'docs/images', `${name}.png`);
  const browser = [
    '--headless',
    '--no-sandbox',
    '--hide-scrollbars',
    `--window-size=${size}`,
    `--screenshot=${target}`,
  ];
  const { status } = spawnSync('chromium', [...browser, `file://${html}`], { stdio: 'ignore' });
  rmSync(folder, { recursive: true });
  console.log(status === 0 ? `wrote docs/images/${name}.png` : `chromium ended with ${status}`);
}

const wanted = process.argv.slice(2);
for (const picture of pictures) if (wanted.length === 0 || wanted.includes(picture.name)) await take(picture);
