// Builds the binaries once more, from a copy of the sources in another folder, and compares them byte by byte:
//   node scripts/check/reproducible.mjs [--all]      linux-x64; with --all everything that is published
// Whoever has the same compilers can so see that a published binary came from its sources.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run, script } from '../machine/run.mjs';

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
/** By the folders in build/ that they are made in. */
const builds = values.all
  ? {
      'linux-x64-portable': ['linux-x64', '--portable'],
      'linux-arm64-portable': ['linux-arm64'],
      'win32-x64': ['win32-x64'],
      'win32-ia32': ['win32-ia32'],
    }
  : { 'linux-x64': ['linux-x64'] };

const copy = join(root, 'build', 'reproduce', 'another folder');
rmSync(copy, { recursive: true, force: true });
const sources = run('git', ['ls-files', 'addon', 'scripts', 'CMakeLists.txt', 'package.json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
for (const file of sources.trim().split('\n')) {
  mkdirSync(join(copy, dirname(file)), { recursive: true });
  cpSync(join(root, file), join(copy, file));
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
mkdirSync(join(copy, 'build'));
// The pinned compiler is fetched once.
symlinkSync(join(root, 'build', 'zig'), join(copy, 'build', 'zig'));

const digest = (...path) =>
  createHash('sha256')
    .update(readFileSync(join(...path)))
    .digest('hex');

let failed = false;
for (const [name, target] of Object.entries(builds)) {
  script('build/native.mjs', '--target', ...target);
  run(process.execPath, ['scripts/build/native.mjs', '--target', ...target], { cwd: copy });
  const made = join('build', name, 'out');
  for (const file of readdirSync(join(root, made)).sort()) {
    const [here, there] = [root, copy].map((folder) => digest(folder, made, file));
    console.log(`${here === there ? 'same' : 'DIFFERENT'} ${name}/${file} ${here}`);
    failed ||= here !== there;
  }
}
process.exit(failed ? 1 : 0);
