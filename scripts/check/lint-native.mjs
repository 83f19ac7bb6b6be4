// Checks the formatting of the C and C++ sources; --fix writes it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const folders = ['addon', 'test/addon', 'bench/native', 'scripts/check'];

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sources(path);
    return /\.(cc|c|h)$/.test(entry.name) ? [path] : [];
  });
}

ensureSystemPackages('the format of the native sources', ['clang-format']);
const mode = process.argv.includes('--fix') ? ['-i'] : ['--dry-run', '--Werror'];
const { status } = spawnSync('clang-format', [...mode, ...folders.flatMap(sources)], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
