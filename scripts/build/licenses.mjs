// Gathers the licences of what the published files have inside into dist/THIRD-PARTY-LICENSES.txt, from the bundler's own
// record of what it bundled (dist/metafile-*.json, which then goes).
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const records = readdirSync('dist').filter((name) => /^metafile-\w+\.json$/.test(name));
const inputs = records.flatMap((name) => Object.keys(JSON.parse(readFileSync(join('dist', name), 'utf8')).inputs));
for (const name of records) rmSync(join('dist', name));

const folders = inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
const bundled = [...new Set(folders)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file && !license) throw new Error(`${name} has no licence`);
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : `License: ${license}`}`;
});
const native = `Inside the native binaries
node-addon-api (MIT); libc++, libc++abi and libunwind of LLVM (Apache-2.0 WITH LLVM-exception) in prebuilds/linux-x64; libstdc++
and libgcc (GPL-3.0 with the GCC Runtime Library Exception) and the mingw-w64 runtime (ZPL-2.1, public domain; its winpthreads MIT) in
prebuilds/win32-*.`;
const { version } = JSON.parse(readFileSync('node_modules/node-addon-api/package.json', 'utf8'));
const nodeAddonApi = `node-addon-api ${version} (MIT)\n\n${readFileSync('node_modules/node-addon-api/LICENSE.md', 'utf8').trim()}`;
const winpthreads = `winpthreads of mingw-w64 (MIT)

Copyright (c) 2011 mingw-w64 project

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
writeFileSync(
  'dist/THIRD-PARTY-LICENSES.txt',
  `${[...bundled, native, nodeAddonApi, winpthreads].join(`\n\n${'─'.repeat(80)}\n\n`)}\n`,
);
