// The tests of server/, on a Node.js that it runs on: npm run test:server [-- what mocha takes]
// With --mutations: whether they notice a rule that is left out.
import { join } from 'node:path';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';

script('build/setup.mjs');
script('build/server.mjs');
const [major, minor] = process.versions.node.split('.').map(Number);
const node = major > 22 || (major === 22 && minor >= 12) ? process.execPath : getNode(22);
const args = process.argv.slice(2);
// What is given takes the place of all specs, to which mocha would add it.
const some = ['--no-config', '--require', 'build/test/support/postgres.js', '--timeout', '60000', ...args];
const mocha = [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), ...(args.length > 0 ? some : [])];
run(node, args[0] === '--mutations' ? ['test/mutations.mjs'] : mocha, { cwd: join(root, 'server') });
