// Loads a library that never comes back from it, in this process, and ends by itself:
//   node load-child.js <library>
import { openInProcess } from '../../lib/face/native.js';

const [library] = process.argv.slice(2);
if (library === undefined) throw new Error('usage: load-child.js <library>');
const error: unknown = await openInProcess(library, { loadTimeout: 200 }).catch((reason: unknown) => reason);
console.log(JSON.stringify(error instanceof Error ? { ...error, name: error.name, message: error.message } : error));
process.exitCode = 7;
