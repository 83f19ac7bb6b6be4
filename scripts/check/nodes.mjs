// Runs the test suite on the other Node.js versions that users have: npm run test:nodes [-- 18 24]
// (16 is too old for mocha; the teardown tests and the package's run there.)
import { spawnSync } from 'node:child_process';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';

const majors = process.argv.length > 2 ? process.argv.slice(2) : [18, 22, 24, 26];
script('build/setup.mjs');
run('npm', ['run', '--silent', 'compile']);
let failed = false;
for (const major of majors) {
  console.log(`\n── Node.js ${major} ──`);
  const args = ['node_modules/mocha/bin/_mocha', '--reporter', 'dot'];
  const { status, signal } = spawnSync(getNode(Number(major), 'linux-x64'), args, { cwd: root, stdio: 'inherit' });
  if (status === 0) continue;
  console.error(`Node.js ${major}: exit code ${status}${signal ? `, ${signal}` : ''}`);
  failed = true;
}
process.exit(failed ? 1 : 0);
