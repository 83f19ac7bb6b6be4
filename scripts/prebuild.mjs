// Builds the binaries of all three platforms into prebuilds/, as they go into the npm package. Runs on Debian.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureSystemPackages } from './system-packages.mjs';

ensureSystemPackages('building the Windows binaries', ['g++-mingw-w64-x86-64-posix', 'g++-mingw-w64-i686-posix']);
const build = fileURLToPath(new URL('build-native.mjs', import.meta.url));
for (const target of ['linux-x64', 'win32-x64', 'win32-ia32'])
  execFileSync(process.execPath, [build, '--target', target], { stdio: 'inherit' });
