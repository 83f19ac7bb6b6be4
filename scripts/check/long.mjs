// Everything that takes longer than CI's hour allows: npm run test:long
import { run } from '../machine/run.mjs';

const npm = (name, ...args) => run('npm', ['run', name, ...(args.length > 0 ? ['--', ...args] : [])]);

process.env.WXPAY_FACE_TEST_LONG = '1';
npm('test');
npm('test:nodes');
npm('test:crash');
npm('simulate', '--runs', '200000');
npm('simulate', '--of', 'till', '--runs', '50000');
npm('simulate', '--of', 'servers', '--runs', '50000');
npm('model');
npm('test:sanitizers', '--long');
npm('test:valgrind', '--long');
npm('soak', '--calls', '1000000');
npm('fuzz', '--seconds', '60');
npm('fuzz:pay');
npm('test:mutations');
npm('test:package', '--all');
run(process.execPath, ['scripts/check/reproducible.mjs', '--all']);
run(process.execPath, ['scripts/check/arm64.mjs']);
npm('test:windows');
npm('test:windows:next');
