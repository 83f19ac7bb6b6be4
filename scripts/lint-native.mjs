// Checks the formatting of the C and C++ sources; --fix writes it.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const folders = ['addon', 'test/addon', 'bench/native', 'scripts/native'];

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sources(path);
    return /\.(cc|c|h)$/.test(entry.name) ? [path] : [];
  });
}

const missing = () => spawnSync('clang-format', ['--version']).error !== undefined;

if (missing() && process.env.CI && process.getuid?.() === 0) {
  spawnSync('apt-get', ['install', '-y', '-qq', 'clang-format'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
if (missing()) {
  console.error(
    'lint-native: clang-format is missing; install it with "apt-get install clang-format" (or LLVM\'s installer).',
  );
  process.exit(1);
}
const mode = process.argv.includes('--fix') ? ['-i'] : ['--dry-run', '--Werror'];
const { status } = spawnSync('clang-format', [...mode, ...folders.flatMap(sources)], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
