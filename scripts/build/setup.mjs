// Makes a fresh clone ready: installs and builds whatever is missing or older than its sources, nothing else.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, script, step } from '../machine/run.mjs';

process.chdir(root);

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Working on wxpay-face needs Node.js 20 or newer; this is ${process.version}.`);
  process.exit(1);
}

const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newest(path) {
  if (!statSync(path).isDirectory()) return changed(path);
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (changed('node_modules/.package-lock.json') < changed('package-lock.json'))
  step('Installing what it is built with, by npm ci', 10, () => run('npm', ['ci', '--ignore-scripts', '--silent']));

const isBuilt = existsSync(`build/${process.platform}-${process.arch}`);
// CMake itself knows what is older than its sources.
step('Building the addon in C++', isBuilt ? 1 : 15, () => script('build/native.mjs'));

const sources = ['lib', 'package.json', 'tsconfig.json', 'tsup.config.ts'];
const outputs = [
  ...['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts', 'dist/cli.js'],
  'dist/journal-contract.js',
  'dist/console/page.js',
];
if (Math.min(...outputs.map(changed)) < Math.max(...sources.map(newest)))
  step('Building the package in dist', 10, () => run('npm', ['run', '--silent', 'build:dist']));
