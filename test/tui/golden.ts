/** Screens that are kept as text: `UPDATE=1` writes those that differ. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

const folder = join(import.meta.dirname, 'golden');

/** Holds a screen against the file of a name, without its ending. */
export function expectGolden(name: string, screen: string): void {
  const path = join(folder, `${name}.txt`);
  if (process.env.UPDATE === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, screen);
  }
  expect(existsSync(path), `${path} is missing: UPDATE=1 writes it`).toBe(true);
  expect(screen, `test/tui/golden/${name}.txt`).toBe(readFileSync(path, 'utf8'));
}
