// Runs the test suite on real Windows Node.js under Wine:
//   node scripts/windows/test.mjs [--all] [spec …]
// Without --all: Node.js 22, x64 and ia32. With it: x64 18, 20 and 22, ia32 22. Either way the demo runs on Node.js 16, by
// another name and from a folder with Chinese characters, as a till's own program would.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getNode } from '../native/get-node.mjs';
import { root, run, script } from '../run.mjs';
import { ensureWine, runWindows } from './wine.mjs';

const { values, positionals } = parseArgs({
  options: { all: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const usual = [
  ['win32-x64', 22],
  ['win32-ia32', 22],
];
const runs = values.all ? [['win32-x64', 18], ['win32-x64', 20], ...usual] : usual;
const specs = positionals.length > 0 ? positionals : ['build/js/test/**/*.test.js'];

ensureWine();
script('setup.mjs');
script('prebuild.mjs');
run('npm', ['run', '--silent', 'compile']);

let failed = false;
function report(what, program, args) {
  console.log(`\n── ${what} ──`);
  const { status, stdout, stderr } = runWindows(program, args, { cwd: root });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (status === 0) return;
  console.error(`${what}: exit code ${status}`);
  failed = true;
}

for (const [platform, major] of runs) {
  const mocha = [
    'node_modules/mocha/bin/_mocha',
    '--no-config',
    '--timeout',
    '60000',
    ...specs.flatMap((s) => ['--spec', s]),
  ];
  report(`${platform}, Node.js ${major}`, getNode(major, platform), mocha);
}
const folder = join(root, 'build', 'node', '收银 till');
mkdirSync(folder, { recursive: true });
copyFileSync(getNode(16, 'win32-x64'), join(folder, 'pos.exe'));
report('the demo on Node.js 16 as pos.exe', join(folder, 'pos.exe'), ['dist/cli.js', 'demo']);
process.exit(failed ? 1 : 0);
