// The tests of server/, on a Node.js that it runs on: npm run test:server [-- what mocha takes]
// With --mutations: whether they notice a rule that is left out.
import { join } from 'node:path';
import { root } from '../machine/run.mjs';
import { runOnServer } from '../machine/server.mjs';

const args = process.argv.slice(2);
const mocha = [join(root, 'node_modules', 'mocha', 'bin', '_mocha'), ...args];
runOnServer(...(args[0] === '--mutations' ? ['test/mutations.mjs'] : mocha));
