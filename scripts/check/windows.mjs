// Runs the test suite on real Windows Node.js under Wine: x64 18, 20 and 22, ia32 22.
//   node scripts/check/windows.mjs [--node 22] [--platform win32-x64] [--native] [--each] [spec …]
// With --node or --platform on that one only; with --native only what differs on Windows: the addon, the face service, the
// terminal; with --each a process for every file. Unless a platform is named, the demo runs on Node.js 16, too, by another name
// and from a folder with Chinese characters, as a till's own program would.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { ensurePrefix, ensureWine, runWindows } from '../machine/wine.mjs';
import { mocha, Report, runTimeout, specOptions, specsOf } from './windows-report.mjs';

const { values, positionals } = parseArgs({
  options: { node: { type: 'string' }, platform: { type: 'string' }, ...specOptions },
  allowPositionals: true,
});

const versions = { 'win32-x64': ['18', '20', '22'], 'win32-ia32': ['22'] };
const wanted = Object.entries(versions)
  .filter(([platform]) => values.platform === undefined || platform === values.platform)
  .map(([platform, majors]) => [platform, majors.filter((each) => values.node === undefined || each === values.node)]);

ensureWine();
script('build/setup.mjs');
script('build/prebuild.mjs');
run('npm', ['run', '--silent', 'compile']);

const specs = specsOf(values, positionals);
const report = new Report();
async function runAndTell(on, what, prefix, program, args) {
  const began = performance.now();
  const ended = await runWindows(prefix, program, args, { cwd: root, timeout: runTimeout });
  report.add(on, what, (performance.now() - began) / 1000, ended);
}

/** A smoke test: the demo, run by a program of another name, from a folder with Chinese characters and a space. */
async function demo(prefix) {
  const folder = join(root, 'build', 'node', '收银 till');
  mkdirSync(folder, { recursive: true });
  copyFileSync(getNode(16, 'win32-x64'), join(folder, 'pos.exe'));
  await runAndTell(`${prefix}, Node.js 16`, 'the demo as pos.exe', prefix, join(folder, 'pos.exe'), [
    'dist/cli.js',
    'demo',
  ]);
}

// The bitnesses side by side, each in a Windows of its own.
await Promise.all(
  wanted.map(async ([platform, majors]) => {
    await ensurePrefix(platform);
    for (const major of majors)
      for (const spec of specs)
        await runAndTell(`${platform}, Node.js ${major}`, spec, platform, getNode(major, platform), [...mocha, spec]);
    if (platform === 'win32-x64' && values.platform === undefined) await demo(platform);
  }),
);
report.end();
