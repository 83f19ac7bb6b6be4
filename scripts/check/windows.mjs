// Runs the test suite on real Windows Node.js under Wine: x64 18, 20 and 22, ia32 22.
//   node scripts/check/windows.mjs [--node 22] [--native] [spec …]
// With --node on that one only; with --native only what differs on Windows: the addon, the face service, the terminal. Either way the demo runs on Node.js 16, by another name and from a folder with Chinese
// characters, as a till's own program would.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { ensurePrefix, ensureWine, runWindows } from '../machine/wine.mjs';

const { values, positionals } = parseArgs({
  options: { node: { type: 'string' }, native: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const versions = { 'win32-x64': ['18', '20', '22'], 'win32-ia32': ['22'] };
const hasTests = (folder) => readdirSync(folder, { recursive: true }).some((path) => path.endsWith('.test.ts'));
// A room at a time: a 32-bit process has 2 GiB for everything, and all specs at once leave its threads too little.
const rooms = values.native
  ? ['addon', 'face', 'terminal']
  : readdirSync(join(root, 'test'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && hasTests(join(root, 'test', entry.name)))
      .map(({ name }) => name);
const specs = positionals.length > 0 ? positionals : rooms.map((name) => `build/js/test/${name}/**/*.test.js`);
const mocha = ['node_modules/mocha/bin/_mocha', '--no-config', '--timeout', '60000', '--spec'];
/** Milliseconds for one of them: a run that hangs must leave time to say so. */
const timeout = 10 * 60_000;

ensureWine();
script('build/setup.mjs');
script('build/prebuild.mjs');
run('npm', ['run', '--silent', 'compile']);

/** What failed, told once more at the end: two Windows' reports between each other are long. */
const failures = [];
async function report(what, prefix, program, args) {
  const began = performance.now();
  const { status, signal, stdout, stderr } = await runWindows(prefix, program, args, { cwd: root, timeout });
  console.log(`\n── ${what} (${Math.round((performance.now() - began) / 1000)} s) ──`);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (status === 0) return;
  // mocha tells the failed tests after their number; if it got no further, what it was at is its last lines.
  const told = stdout.search(/^ +\d+ failing/m);
  const last = told < 0 ? stdout.trimEnd().split('\n').slice(-20).join('\n') : stdout.slice(told);
  failures.push(`${what}: exit code ${status}${signal ? `, ${signal}` : ''}\n${last}\n${stderr}`);
}

/** A smoke test: the demo, run by a program of another name, from a folder with Chinese characters and a space. */
async function demo(prefix) {
  const folder = join(root, 'build', 'node', '收银 till');
  mkdirSync(folder, { recursive: true });
  copyFileSync(getNode(16, 'win32-x64'), join(folder, 'pos.exe'));
  await report('the demo on Node.js 16 as pos.exe', prefix, join(folder, 'pos.exe'), ['dist/cli.js', 'demo']);
}

// The bitnesses side by side, each in a Windows of its own.
await Promise.all(
  Object.entries(versions).map(async ([platform, majors]) => {
    await ensurePrefix(platform);
    for (const major of majors.filter((each) => values.node === undefined || each === values.node))
      for (const spec of specs)
        await report(`${platform}, Node.js ${major}: ${spec}`, platform, getNode(major, platform), [...mocha, spec]);
    if (platform === 'win32-x64') await demo(platform);
  }),
);
for (const failure of failures) console.error(`\n── failed: ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
