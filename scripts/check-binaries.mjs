// Prints what the published binaries ask of a system, and fails where that is more than was promised: the C library of old
// Linux distributions; on Windows nothing but the system, from Windows 7. And it fails where a binary lacks what hardens it:
// addresses that change from run to run, data that can't be run, no time of the build in it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oldestGlibc } from './portable-compiler.mjs';

const { version: packageVersion } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
/** The SDK version that the stub stands in for. */
const stubVersion = '1.26.0.0';

const prebuilds = fileURLToPath(new URL('../prebuilds', import.meta.url));
const objdump = (...args) => execFileSync('objdump', args, { encoding: 'utf8' });
const matches = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, found]) => found))];
const number = (version) => [0, 1, 2].reduce((sum, n) => sum * 1000 + Number(version.split('.')[n] ?? 0), 0);

const allowed = {
  linux: new Set([
    'libc.so.6',
    'libdl.so.2',
    'libpthread.so.0',
    'libm.so.6',
    'librt.so.1',
    'ld-linux-x86-64.so.2',
    'ld-linux-aarch64.so.1',
  ]),
  win32: new Set(['KERNEL32.dll', 'ADVAPI32.dll', 'msvcrt.dll']),
};

function linux(path) {
  // readelf knows every architecture.
  const readelf = (option) => execFileSync('readelf', ['-W', option, path], { encoding: 'utf8' });
  const dynamic = readelf('-d');
  const needed = matches(dynamic, /\(NEEDED\)\s+Shared library: \[(\S+)\]/g);
  const glibc = matches(readelf('-V'), /Name: GLIBC_([0-9.]+)/g)
    .sort((a, b) => number(a) - number(b))
    .at(-1);
  // A program, too, may be put anywhere in memory, and what the loader has filled in is never written again.
  const hardened = /Type:\s+DYN/.test(readelf('-h')) && /FLAGS_1.*\bNOW\b/.test(dynamic);
  return { needed, says: `glibc ${glibc}`, good: number(glibc) <= number(oldestGlibc) && hardened };
}

function win32(path) {
  const headers = objdump('-p', path);
  const field = (name) => new RegExp(`${name}\\s+(\\d+)`).exec(headers)?.[1];
  const version = `${field('MajorSubsystemVersion')}.${field('MinorSubsystemVersion')}`;
  const described = fileVersion(readFileSync(path));
  const needed = matches(headers, /DLL Name: (\S+)/g);
  return {
    needed,
    says: `Windows ${version}, file version ${described}`,
    good:
      version === '6.1' &&
      ['DYNAMIC_BASE', 'NX_COMPAT'].every((flag) => headers.includes(flag)) &&
      /^Time\/Date\s+Thu Jan 1 00:00:00 1970$/m.test(headers.replace(/ +/g, ' ')) &&
      described === (path.endsWith('WxpayFaceSDK.dll') ? stubVersion : `${packageVersion}.0`),
  };
}

/** Out of the version resource: VS_FIXEDFILEINFO begins with its signature. */
function fileVersion(bytes) {
  const at = bytes.indexOf(Buffer.from('bd04effe', 'hex'));
  if (at === -1) return undefined;
  return [10, 8, 14, 12].map((offset) => bytes.readUInt16LE(at + offset)).join('.');
}

let failed = false;
for (const target of ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-ia32'])
  for (const file of readdirSync(join(prebuilds, target)).sort()) {
    const path = join(prebuilds, target, file);
    const platform = target.startsWith('win32') ? 'win32' : 'linux';
    const { needed, says, good } = platform === 'win32' ? win32(path) : linux(path);
    const bad = !good || needed.some((library) => !allowed[platform].has(library));
    console.log(`${bad ? 'BAD ' : 'good'} ${target}/${file}: ${says}; ${needed.join(', ')}`);
    failed ||= bad;
  }
process.exit(failed ? 1 : 0);
