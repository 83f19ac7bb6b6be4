// Builds the binaries once more, from a copy of the sources in another folder, and compares them byte by byte:
//   node scripts/check-reproducible.mjs [--all]      linux-x64; with --all everything that is published
// Whoever has the same compilers can so see that a published binary came from its sources.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, run, script } from './run.mjs';

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const targets = values.all
  ? [['linux-x64', '--portable'], ['linux-arm64'], ['win32-x64'], ['win32-ia32']]
  : [['linux-x64']];

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

const digests = (folder) =>
  readdirSync(folder)
    .sort()
    .map(
      (file) =>
        `${file} ${createHash('sha256')
          .update(readFileSync(join(folder, file)))
          .digest('hex')}`,
    );

let failed = false;
for (const [target, ...options] of targets) {
  script('build-native.mjs', '--target', target, ...options);
  run(process.execPath, ['scripts/build-native.mjs', '--target', target, ...options], { cwd: copy });
  const [here, there] = [root, copy].map((folder) => digests(join(folder, 'prebuilds', target)));
  for (const [i, digest] of here.entries()) {
    const same = digest === there[i];
    console.log(`${same ? 'same' : 'DIFFERENT'} ${target}/${digest}`);
    failed ||= !same;
  }
}
process.exit(failed ? 1 : 0);
