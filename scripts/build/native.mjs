// Builds the addon, the host process and the stub library, and puts them where the package looks: prebuilds/<target>/.
//   node scripts/build/native.mjs [--target linux-x64 | linux-arm64 | darwin-x64 | darwin-arm64 | win32-x64 | win32-ia32] [--portable]
// The Windows targets are cross-built on Linux by mingw-w64, the others by zig; on Windows itself MSVC builds that machine's
// own. --portable: by zig, too, so that the binaries run on old distributions, as they are published.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeApiShim } from './node-api-shim.mjs';
import { portableCompiler, portableTargets } from './portable-compiler.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const here = `${process.platform}-${process.arch}`;
const { values } = parseArgs({
  options: { target: { type: 'string', default: here }, portable: { type: 'boolean', default: false } },
});
const { target } = values;
const [platform, arch] = target.split('-');

function stop(message) {
  console.error(`build-native: ${message}`);
  process.exit(1);
}

const found = (program) => !spawnSync(program, ['--version'], { stdio: 'ignore' }).error;

const crossCompilers = { 'win32-x64': 'x86_64-w64-mingw32-g++-posix', 'win32-ia32': 'i686-w64-mingw32-g++-posix' };
const crossCompiler = process.platform === 'linux' ? crossCompilers[target] : undefined;
const portable = !crossCompiler && (values.portable || target !== here);
if (portable && !(here === 'linux-x64' && portableTargets.includes(target)))
  stop(`this machine can't build ${target}${values.portable ? ' --portable' : ''}.`);

const install =
  process.platform === 'win32'
    ? 'install the "Desktop development with C++" workload of Visual Studio Build Tools'
    : 'install it with "apt-get install cmake g++ make" (or your system\'s equivalent)';
if (!found('cmake')) stop(`CMake is missing; ${install}.`);
if (crossCompiler) {
  if (!found(crossCompiler))
    stop(
      `${crossCompiler} is missing; install it with "apt-get install g++-mingw-w64-x86-64-posix g++-mingw-w64-i686-posix".`,
    );
} else if (!portable && process.platform !== 'win32' && !['c++', process.env.CXX].some((name) => name && found(name))) {
  stop(`a C++ compiler is missing; ${install}.`);
}

const output = join(root, 'build', portable ? `${target}-portable` : target);
const cmakeJs = join(dirname(createRequire(import.meta.url).resolve('cmake-js/package.json')), 'bin', 'cmake-js');
const options = ['--log-level', 'warn', '--arch', arch, '-O', output];
if (crossCompiler) {
  const shim = join(output, 'node-api-shim.c');
  mkdirSync(output, { recursive: true });
  const text = nodeApiShim();
  if (!existsSync(shim) || readFileSync(shim, 'utf8') !== text) writeFileSync(shim, text);
  options.push(
    `--CDCMAKE_TOOLCHAIN_FILE=${join(root, 'scripts/build/mingw.toolchain.cmake')}`,
    `--CDNODE_API_SHIM=${shim}`,
  );
}
if (portable) {
  const tools = portableCompiler(target);
  options.push(
    `--CDCMAKE_C_COMPILER=${tools.cc}`,
    `--CDCMAKE_CXX_COMPILER=${tools['c++']}`,
    `--CDCMAKE_AR=${tools.ar}`,
    `--CDCMAKE_RANLIB=${tools.ranlib}`,
    '--CDWXPAY_FACE_TESTS=OFF',
  );
  if (target !== here)
    options.push(
      `--CDCMAKE_SYSTEM_NAME=${platform === 'darwin' ? 'Darwin' : 'Linux'}`,
      `--CDCMAKE_SYSTEM_PROCESSOR=${arch === 'x64' ? 'x86_64' : 'aarch64'}`,
    );
}
const built = spawnSync(process.execPath, [cmakeJs, 'build', ...options], {
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
  if (!portable && existsSync(to) && statSync(to).mtimeMs >= statSync(from).mtimeMs) continue;
  // By way of rename: a process that has the old file mapped keeps it, where writing into it would crash that process.
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}
console.log(`prebuilds/${target}: ${products.join(', ')}`);
