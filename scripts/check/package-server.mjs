// Packs the server's package as it is published, installs it beside the till's tarball, and takes a payment with
// examples/merchant-server as it stands there:
//   node scripts/check/package-server.mjs
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { pack, project, stop } from './tarball.mjs';

script('build/setup.mjs');
script('build/server.mjs');

const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-package-server-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// ── the tarball ──
const till = pack(root, folder);
const server = pack(join(root, 'server'), folder);
const expected = [
  ...['LICENSE', 'README.md', 'README.zh-CN.md', 'build/lib/index.js', 'build/lib/index.d.ts', 'build/lib/cli/main.js'],
  ...['deploy/Dockerfile', 'deploy/wxpay-face-server.service'],
];
for (const path of expected) if (!server.files.has(path)) stop(`${path} is missing from the server's tarball`);
if (server.manifest.peerDependencies['wxpay-face'] !== till.manifest.version)
  stop("the server's package asks for another version of wxpay-face");
run('npx', ['publint', '--strict', server.path]);
run('npx', ['attw', '--profile', 'esm-only', '--format', 'table-flipped', server.path]);

// ── the example, installed ──
const example = join(root, 'examples', 'merchant-server');
const home = project(join(folder, 'shop'), [till.path, server.path], { type: 'module' });
for (const name of ['server.json', 'till.js']) cpSync(join(example, name), join(home, name));

// Its declarations ask for nothing that isn't installed with it, but for those of Node.js.
writeFileSync(
  join(home, 'main.mts'),
  `import { type MerchantServerOptions, PostgresJournal, startMerchantServer } from 'wxpay-face-server';
export const start = (options: MerchantServerOptions) => startMerchantServer(options);
export const open = (database: string) => PostgresJournal.open({ database, merchant: 'tea' });
`,
);
const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node', '--strict', '--noEmit'];
run(
  join(root, 'node_modules', '.bin', 'tsc'),
  ['main.mts', '--target', 'es2023', '--module', 'node16', '--moduleResolution', 'node16', ...types],
  { cwd: home },
);

const [major, minor] = process.versions.node.split('.').map(Number);
const node = major > 22 || (major === 22 && minor >= 12) ? process.execPath : getNode(22);
/** npx runs the command on the Node.js that it finds. */
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
const children = [];
// With what npx has started: each has a process group of its own.
process.on('exit', () => {
  for (const { pid, exitCode } of children) if (exitCode === null) process.kill(-pid, 'SIGKILL');
});
function begin(command, args) {
  const child = spawn(command, args, { cwd: home, env, detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  return child;
}

// A simulator of the installed package, and the example's configuration for its merchant.
writeFileSync(
  join(home, 'simulator.mjs'),
  `import { startSimulator } from 'wxpay-face/simulator';
const { client, library, env } = await startSimulator();
console.log(JSON.stringify({ client, library, pipe: env.WXPAY_FACE_PIPE }));
`,
);
const [line] = await once(begin(node, ['simulator.mjs']).stdout, 'data');
const { client, library, pipe } = JSON.parse(line);
const { key, certificate, ...merchant } = client;
writeFileSync(join(home, 'key.txt'), key);
writeFileSync(join(home, 'apiclient_cert.pem'), certificate.cert);
writeFileSync(join(home, 'apiclient_key.pem'), certificate.key);
const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));
const config = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8'));
Object.assign(config.merchants[0], merchant);
config.listen.port = port;
writeFileSync(join(home, 'server.json'), JSON.stringify(config));

const command = ['--no-install', 'wxpay-face-server'];
const added = spawnSync(
  'npx',
  [...command, 'terminal', 'add', '--name', 'TILL-1', '--merchant', 'tea', '--store-id', '1', '--store-name', '茶馆'],
  { cwd: home, env, encoding: 'utf8' },
);
if (added.status !== 0) stop(`no terminal was added: ${added.stderr}`);
const running = begin('npx', [...command, 'start', '--config', 'server.json']);
const url = `http://127.0.0.1:${port}`;
const isReady = () =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
for (let attempt = 0; !(await isReady()); attempt += 1) {
  if (attempt === 100 || running.exitCode !== null) stop('the installed server does not start');
  await sleep(100);
}
const terminal = { store_id: '1', store_name: '茶馆', device_id: 'TILL-1' };
const settings = { merchant: { server: url, token: added.stdout.trim() }, library, pipe, terminal };
writeFileSync(join(home, 'till.json'), JSON.stringify(settings));
// On a till's own Node.js.
const sale = spawnSync(getNode(16), ['till.js', 'till.json', '1250'], { cwd: home, encoding: 'utf8', timeout: 60_000 });
if (sale.status !== 0 || !/^TILL-1-\S+ paid$/m.test(sale.stdout))
  stop(`the sale ended with ${sale.status}\n${sale.stdout}${sale.stderr}`);
console.log('good the server and a till, installed from their tarballs');
process.exit();
