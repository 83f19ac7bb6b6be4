// Builds the binaries of all platforms into prebuilds/, as they go into the npm package. Runs on Debian.
import { script } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

script('build/setup.mjs');
ensureSystemPackages('building the Windows binaries', ['g++-mingw-w64-x86-64-posix', 'g++-mingw-w64-i686-posix']);
script('build/native.mjs', '--target', 'linux-x64', '--portable');
for (const target of ['linux-arm64', 'darwin-x64', 'darwin-arm64']) script('build/native.mjs', '--target', target);
script('build/native.mjs', '--target', 'win32-x64');
script('build/native.mjs', '--target', 'win32-ia32');
script('check/binaries.mjs');
