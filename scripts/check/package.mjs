// Packs the package as it is published, installs the tarball into empty projects, and pays there with the README's own code:
//   node scripts/check/package.mjs [--all]
// Without --all on Node.js 16, 20 and 24; with it on 16, 18, 20, 22, 24 and 26.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { pack, project, stop } from './tarball.mjs';

const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
const majors = values.all ? [16, 18, 20, 22, 24, 26] : [16, 20, 24];

script('build/setup.mjs');
script('build/prebuild.mjs');

const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-package-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// ── the tarball ──
const { path: tarball, files, manifest, size, integrity } = pack(root, folder);
if (size > 5 * 1024 ** 2) stop('the tarball is larger than 5 MB');
const binaries = {
  'linux-x64': ['wxpay_face.node', 'wxpay-face-host', 'libWxpayFaceSDK.so'],
  'linux-arm64': ['wxpay_face.node', 'wxpay-face-host', 'libWxpayFaceSDK.so'],
  'darwin-x64': ['wxpay_face.node', 'wxpay-face-host', 'libWxpayFaceSDK.so'],
  'darwin-arm64': ['wxpay_face.node', 'wxpay-face-host', 'libWxpayFaceSDK.so'],
  'win32-x64': ['wxpay_face.node', 'wxpay-face-host.exe', 'WxpayFaceSDK.dll'],
  'win32-ia32': ['wxpay_face.node', 'wxpay-face-host.exe', 'WxpayFaceSDK.dll'],
};
const expected = [
  ...['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts', 'dist/cli.js', 'CMakeLists.txt'],
  ...['LICENSE', 'README.md', 'README.zh-CN.md', 'addon/addon.cc', 'dist/THIRD-PARTY-LICENSES.txt'],
  ...['CHANGELOG.md', 'SECURITY.md', 'docs/guide/01-getting-started.md', 'docs/guide/zh/01-getting-started.md'],
  ...['examples/README.md', 'examples/till/till.js'],
  ...Object.entries(binaries).flatMap(([target, names]) => names.map((name) => `prebuilds/${target}/${name}`)),
];
for (const path of expected) if (!files.has(path)) stop(`${path} is missing from the tarball`);
if (files.has('binding.gyp')) stop('binding.gyp makes npm build at installation');
run('npx', ['publint', '--strict', tarball]);
run('npx', ['attw', '--format', 'table-flipped', tarball]);

// ── the README's integration, in every way to load it ──
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [, esm] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
const [, cjs] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
if (!esm || !cjs) stop('the README has no integration in TypeScript, or none in CommonJS');

function runs(what, node, home, file) {
  const { status, stdout, stderr } = spawnSync(node, [file], { cwd: home, encoding: 'utf8', timeout: 120_000 });
  if (status !== 0 || !/^paid\b/.test(stdout)) stop(`${what} ended with ${status}\n${stdout}${stderr}`);
  console.log(`good ${what}`);
}

const tool = (name) => join(root, 'node_modules', '.bin', name);
const home = project(join(folder, 'consumer'), [tarball]);
writeFileSync(join(home, 'main.mjs'), esm);
writeFileSync(join(home, 'main.cjs'), cjs);
writeFileSync(join(home, 'main.mts'), esm);
run(
  tool('esbuild'),
  [
    'main.mjs',
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--external:wxpay-face',
    '--outfile=bundle.mjs',
    '--log-level=error',
  ],
  { cwd: home, stdio: 'inherit' },
);
run(
  tool('esbuild'),
  [
    'main.cjs',
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--external:wxpay-face',
    '--outfile=bundle.cjs',
    '--log-level=error',
  ],
  { cwd: home, stdio: 'inherit' },
);
const types = [
  '--typeRoots',
  join(root, 'node_modules', '@types'),
  '--types',
  'node',
  '--strict',
  '--target',
  'es2022',
];
for (const [resolution, module] of [
  ['node16', 'node16'],
  ['bundler', 'esnext'],
]) {
  const outDir = `compiled-${resolution}`;
  const options = ['--module', module, '--moduleResolution', resolution, '--outDir', outDir, ...types];
  run(tool('tsc'), ['main.mts', ...options], { cwd: home, stdio: 'inherit' });
}
const unpacked = project(join(folder, 'resources 收银台', 'app.asar.unpacked'), [tarball]);
writeFileSync(join(unpacked, 'main.cjs'), cjs);

for (const major of majors) {
  const node = getNode(major);
  for (const file of [
    'main.mjs',
    'main.cjs',
    'compiled-node16/main.mjs',
    'compiled-bundler/main.mjs',
    'bundle.mjs',
    'bundle.cjs',
  ])
    runs(`Node.js ${major}: ${file}`, node, home, file);
  runs(`Node.js ${major}: in app.asar.unpacked`, node, unpacked, 'main.cjs');
}

// ── as the guides say it ──
const npmLines = (page) => {
  const blocks = readFileSync(join(root, 'docs', 'guide', page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([, code]) => code.split('\n').filter((line) => line.startsWith('npm ')));
};

// By its name, from a registry that has it already, and sends npm to the real one for the rest.
const upstream = run('npm', ['config', 'get', 'registry'], { stdio: 'pipe' }).trim();
const registry = createServer(({ url = '/', headers }, response) => {
  const dist = { tarball: `http://${headers.host}/tarball`, integrity: integrity };
  const { name, version: latest } = manifest;
  if (url === `/${name}`)
    response.end(JSON.stringify({ name, 'dist-tags': { latest }, versions: { [latest]: { ...manifest, dist } } }));
  else if (url === '/tarball') response.end(readFileSync(tarball));
  else response.writeHead(307, { location: new URL(url, upstream).href }).end();
});
await once(registry.listen(0, '127.0.0.1'), 'listening');
// The guide's own lines make the project, and its program runs under its name.
const named = join(folder, 'named');
mkdirSync(named);
const guide = readFileSync(join(root, 'docs', 'guide', '01-getting-started.md'), 'utf8');
const [, program] = /```ts\n([\s\S]*?)```/.exec(guide) ?? [];
const [, programName] = /^node (\S+)$/m.exec(guide) ?? [];
if (!program || !programName) stop('the guide has no program, or does not run it');
writeFileSync(join(named, programName), program);
const npmSettings = {
  npm_config_registry: `http://127.0.0.1:${registry.address().port}/`,
  npm_config_ignore_scripts: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};
for (const line of npmLines('01-getting-started.md')) {
  const options = { cwd: named, env: { ...process.env, ...npmSettings }, stdio: ['ignore', 'ignore', 'inherit'] };
  const [code] = await once(spawn('sh', ['-c', line], options), 'close');
  if (code !== 0) stop(`"${line}" ended with ${code}`);
}
registry.close();
registry.closeAllConnections();
runs('installed by its name, as the guide says', process.execPath, named, programName);

// A platform without binaries: the error names the guide's commands, and they build them.
const bare = project(join(folder, 'bare'), [tarball]);
writeFileSync(join(bare, 'main.mjs'), esm);
const installed = join(bare, 'node_modules', 'wxpay-face');
rmSync(join(installed, 'prebuilds'), { recursive: true });
const { stderr } = spawnSync(process.execPath, ['main.mjs'], { cwd: bare, encoding: 'utf8' });
const commands = npmLines('08-platforms.md');
const command = commands.map((line) => line.replace('node_modules/wxpay-face', `"${installed}"`)).join(' && ');
if (!stderr.includes(`: ${command}\n`)) stop(`without binaries the message does not name the commands:\n${stderr}`);
for (const line of commands) run('sh', ['-c', line], { cwd: bare, stdio: ['ignore', 'ignore', 'inherit'] });
runs('built from source', process.execPath, bare, 'main.mjs');

script('check/package-server.mjs');
