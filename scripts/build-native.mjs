// Builds the addon, the host process and the stub library, and puts them where the package looks: prebuilds/<target>/.
//   node scripts/build-native.mjs [--target linux-x64]
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const here = `${process.platform}-${process.arch}`;
const { values } = parseArgs({ options: { target: { type: 'string', default: here } } });
const { target } = values;
const [platform, arch] = target.split('-');

function stop(message) {
  console.error(`build-native: ${message}`);
  process.exit(1);
}

const found = (program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error;

if (target !== here) {
  stop(`this machine builds ${here} only, not ${target}.`);
}
const install =
  platform === 'win32'
    ? 'install the "Desktop development with C++" workload of Visual Studio Build Tools'
    : 'install it with "apt-get install cmake g++ make" (or your system\'s equivalent)';
if (!found('cmake')) stop(`CMake is missing; ${install}.`);
if (platform !== 'win32' && !['c++', process.env.CXX].some((name) => name && found(name))) {
  stop(`a C++ compiler is missing; ${install}.`);
}

const output = join(root, 'build', target);
const cmakeJs = join(dirname(createRequire(import.meta.url).resolve('cmake-js/package.json')), 'bin', 'cmake-js');
const built = spawnSync(process.execPath, [cmakeJs, 'build', '--log-level', 'warn', '--arch', arch, '-O', output], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'pipe'],
  encoding: 'utf8',
});
if (built.status !== 0) {
  process.stderr.write(built.stdout + built.stderr);
  stop(`the build of ${target} failed; the compiler's own words are above.`);
}

const windows = platform === 'win32';
const products = [
  'wxpay_face.node',
  windows ? 'wxpay-face-host.exe' : 'wxpay-face-host',
  windows ? 'WxpayFaceSDK.dll' : 'libWxpayFaceSDK.so',
];
const prebuilds = join(root, 'prebuilds', target);
mkdirSync(prebuilds, { recursive: true });
for (const product of products) {
  const from = join(output, 'out', product);
  const to = join(prebuilds, product);
  if (existsSync(to) && statSync(to).mtimeMs >= statSync(from).mtimeMs) continue;
  // By way of rename: a process that has the old file mapped keeps it, where writing into it would crash that process.
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}
console.log(`prebuilds/${target}: ${products.join(', ')}`);
