// Compiles src/ into dist/. A build goes to a new folder that then takes the place of the old one, so that a running
// engine, which loads commands lazily, never sees half of a build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const stamp = join(dist, '.sources');

/**
 * What a person waits for: each becomes one file with all of ours that it imports, since Node takes longer to load
 * hundreds of modules one by one than for everything else up to the first picture. Only what exchanges nothing but plain
 * values with the rest may stand here, since its classes are not those of the modules beside it.
 */
const bundled = ['tui/viewer.js', 'trace/worker.js'];

/** A digest of every source file's path and content, and of what steers the compiler. */
function sourcesDigest() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'tsconfig.json', 'scripts/build.mjs'])
    hash.update(readFileSync(join(root, file)));
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

/** Builds when the sources differ from those of the last build; resolves to the exit status. */
export async function buildIfStale() {
  const digest = sourcesDigest();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return 0;
  return build(digest);
}

async function build(digest) {
  const fresh = `${dist}.${process.pid}`;
  const old = `${dist}.${process.pid}.old`;
  rmSync(fresh, { recursive: true, force: true });
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--outDir', fresh], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (tsc.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    return 1;
  }
  await bundle(fresh);
  const main = join(fresh, 'cli/main.js');
  if (existsSync(main)) chmodSync(main, statSync(main).mode | 0o111);
  writeFileSync(join(fresh, '.sources'), digest);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
  return 0;
}

/** The modules stay where there is no bundler for this machine: the program then does the same, and starts later. */
async function bundle(folder) {
  try {
    const { rolldown } = await import('rolldown');
    for (const path of bundled) {
      const file = join(folder, path);
      const made = await rolldown({
        input: file,
        cwd: folder,
        platform: 'node',
        external: name => !/^[./]/.test(name),
      });
      await made.write({ file, format: 'esm' });
      await made.close();
      // It tells of lines that are not there any more.
      rmSync(`${file}.map`, { force: true });
    }
  } catch (error) {
    console.error(`vhuscope: built, but the terminal interface will start slowly: ${error.message}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await build(sourcesDigest());
