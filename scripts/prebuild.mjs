// Builds the binaries of all three platforms into prebuilds/, as they go into the npm package. Runs on Debian.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from './system-packages.mjs';

ensureSystemPackages('building the Windows binaries', ['g++-mingw-w64-x86-64-posix', 'g++-mingw-w64-i686-posix']);
function script(name, ...args) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
script('build-native.mjs', '--target', 'linux-x64', '--portable');
script('build-native.mjs', '--target', 'win32-x64');
script('build-native.mjs', '--target', 'win32-ia32');
script('check-binaries.mjs');
