// The tests of server/, on a Node.js that it runs on: npm run test:server [-- what mocha takes]
// With --mutations: whether they notice a rule that is left out.
import { join } from 'node:path';
import { root } from '../machine/run.mjs';
import { runOnServer } from '../machine/server.mjs';

const args = process.argv.slice(2);
// What is given takes the place of all specs, to which mocha would add it.
const some = ['--no-config', '--require', 'build/test/support/postgres.js', '--timeout', '60000', ...args];
const mocha = [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), ...(args.length > 0 ? some : [])];
runOnServer(...(args[0] === '--mutations' ? ['test/mutations.mjs', ...args.slice(1)] : mocha));
