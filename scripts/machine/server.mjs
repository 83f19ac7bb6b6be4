// Runs a program of server/ on a Node.js that it runs on, after server/ was made ready:
//   node scripts/machine/server.mjs build/demo/demo.js [what the program takes]

import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { getNode } from './get-node.mjs';
import { root, run, script } from './run.mjs';

/** @param args Of Node.js: a program by its path in server/, and what it takes. */
export function runOnServer(...args) {
  script('build/setup.mjs');
  script('build/server.mjs');
  const [major, minor] = process.versions.node.split('.').map(Number);
  const node = major > 22 || (major === 22 && minor >= 12) ? process.execPath : getNode(22);
  run(node, args, { cwd: join(root, 'server') });
}

if (argv[1] === fileURLToPath(import.meta.url)) runOnServer(...argv.slice(2));
