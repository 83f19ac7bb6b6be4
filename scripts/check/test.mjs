// All tests: the till's package, then the servers'. npm test [-- what mocha takes, for the till's package alone]
import { join } from 'node:path';
import { root, run, script } from '../machine/run.mjs';

const args = process.argv.slice(2);
if (args.length === 0) console.log('All tests take about half an hour on two cores.');
script('build/setup.mjs');
run('npm', ['run', '--silent', 'compile']);
run(process.execPath, [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), ...args]);
// CI runs the servers' beside another step.
if (args.length === 0 && process.env.WXPAY_FACE_TEST_SERVERS !== 'apart') script('check/server.mjs');
