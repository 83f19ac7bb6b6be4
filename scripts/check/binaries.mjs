// Prints what the published binaries ask of a system, and fails if that is more than was promised: the C library of old
// Linux distributions; on Windows nothing but the system, from Windows 7. And it fails if a binary lacks what hardens it:
// addresses that change from run to run, data that can't be run, no time of the build in it. Of those for macOS, which are never
// run here, it checks the architecture and the symbols.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { oldestGlibc } from '../build/portable-compiler.mjs';

const { version: packageVersion } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
/** The SDK version that the stub stands in for. */
const stubVersion = '1.26.0.0';

const prebuilds = fileURLToPath(new URL('../../prebuilds', import.meta.url));
const objdump = (...args) => execFileSync('objdump', args, { encoding: 'utf8' });
const matches = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, found]) => found))];
const number = (version) => [0, 1, 2].reduce((sum, n) => sum * 1000 + Number(version.split('.')[n] ?? 0), 0);

const allowed = {
  darwin: new Set(['/usr/lib/libSystem.B.dylib']),
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

/** mach-o/loader.h */
function darwin(path) {
  const bytes = readFileSync(path);
  const needed = [];
  const [magic, cpu, , type, commands] = [0, 4, 8, 12, 16].map((at) => bytes.readUInt32LE(at));
  for (let at = 32, i = 0; i < commands; i++, at += bytes.readUInt32LE(at + 4)) {
    if (bytes.readUInt32LE(at) !== 0xc) continue; // LC_LOAD_DYLIB
    const name = at + bytes.readUInt32LE(at + 8);
    needed.push(bytes.toString('utf8', name, bytes.indexOf(0, name)));
  }
  const { kind, symbols } = machOFiles[path.slice(path.lastIndexOf('/') + 1)];
  const arch = { 16777223: 'x64', 16777228: 'arm64' }[cpu];
  const good = magic === 0xfeedfacf && type === kind && path.includes(`darwin-${arch}`);
  return { needed, says: `macOS, ${arch}`, good: good && symbols.every((symbol) => bytes.includes(`_${symbol}`)) };
}

/** MH_DYLIB and MH_EXECUTE, and what must be found in them. */
const machOFiles = {
  'wxpay_face.node': { kind: 6, symbols: ['napi_register_module_v1', 'napi_create_threadsafe_function'] },
  'libWxpayFaceSDK.so': { kind: 6, symbols: ['wxpayCallFaceService', 'wxpayReleaseResponse'] },
  'wxpay-face-host': { kind: 2, symbols: ['dlopen'] },
};

/** Out of the version resource: VS_FIXEDFILEINFO begins with its signature. */
function fileVersion(bytes) {
  const at = bytes.indexOf(Buffer.from('bd04effe', 'hex'));
  if (at === -1) return undefined;
  return [10, 8, 14, 12].map((offset) => bytes.readUInt16LE(at + offset)).join('.');
}

const checks = { linux, darwin, win32 };
let failed = false;
for (const target of ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-ia32'])
  for (const file of readdirSync(join(prebuilds, target)).sort()) {
    const path = join(prebuilds, target, file);
    const [platform] = target.split('-');
    const { needed, says, good } = checks[platform](path);
    const bad = !good || needed.some((library) => !allowed[platform].has(library));
    console.log(`${bad ? 'BAD ' : 'good'} ${target}/${file}: ${says}; ${needed.join(', ')}`);
    failed ||= bad;
  }
process.exit(failed ? 1 : 0);
