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
and libgcc (GPL-3.0 with the GCC Runtime Library Exception) and the mingw-w64 runtime (ZPL-2.1, public domain) in
prebuilds/win32-*.`;
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', `${[...bundled, native].join(`\n\n${'─'.repeat(80)}\n\n`)}\n`);
