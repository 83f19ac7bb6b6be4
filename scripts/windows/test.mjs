// Runs the test suite on real Windows Node.js under Wine:
//   node scripts/windows/test.mjs [--all] [spec …]
// Without --all: Node.js 22, x64 and ia32. With it: x64 18, 20 and 22, ia32 22.
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
for (const [platform, major] of runs) {
  console.log(`\n── ${platform}, Node.js ${major} ──`);
  const mocha = [
    'node_modules/mocha/bin/_mocha',
    '--no-config',
    '--timeout',
    '60000',
    ...specs.flatMap((s) => ['--spec', s]),
  ];
  const { status, stdout, stderr } = runWindows(getNode(major, platform), mocha, { cwd: root });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (status !== 0) {
    console.error(`${platform}, Node.js ${major}: exit code ${status}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
