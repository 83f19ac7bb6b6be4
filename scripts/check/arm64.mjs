// The linux-arm64 binaries on Node.js for arm64, both under qemu's user mode: calls through the stub library in this
// process and in the host process, and the file lock.
//   node scripts/check/arm64.mjs

import { chmodSync, cpSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

ensureSystemPackages('running arm64 programs', ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross']);
script('build/setup.mjs');
script('build/native.mjs', '--target', 'linux-arm64');

// A copy whose host process is started by a script that calls qemu: binfmt_misc, which would do that, can't be set up in a container.
const copy = join(root, 'build', 'arm64');
const binaries = join('prebuilds', 'linux-arm64');
const libraries = '/usr/aarch64-linux-gnu';
rmSync(copy, { recursive: true, force: true });
for (const part of ['package.json', 'dist', binaries]) cpSync(join(root, part), join(copy, part), { recursive: true });
const host = join(copy, binaries, 'wxpay-face-host');
renameSync(host, `${host}.arm64`);
writeFileSync(host, `#!/bin/sh\nexec qemu-aarch64-static -L ${libraries} "$0.arm64" "$@"\n`);
chmodSync(host, 0o755);

const test = `
  import { createRequire } from 'node:module';
  import { FaceService } from './dist/index.js';
  import { startSimulator } from './dist/simulator.js';
  if (process.arch !== 'arm64') throw new Error('this is ' + process.arch);
  const simulator = await startSimulator();
  for (const host of ['in-process', 'host-process']) {
    const face = await FaceService.open({ library: simulator.library, host });
    await face.initWxpayface();
    const { rawdata } = await face.getWxpayfaceRawdata();
    if (typeof rawdata !== 'string') throw new Error('no rawdata');
    await face.close();
    console.log('linux-arm64: calls work ' + host);
  }
  await simulator.close();
  const { lockFile } = createRequire(import.meta.url)('./${binaries}/wxpay_face.node');
  const lock = lockFile('lock');
  let code;
  try { lockFile('lock'); } catch (error) { code = error.code; }
  if (code !== 'ELOCKED') throw new Error('locked twice');
  lock.release();
  console.log('linux-arm64: the file lock works on Node.js ' + process.version);
`;
const emulated = ['-L', libraries, getNode(22, 'linux-arm64'), '--input-type=module', '-e', test];
run('qemu-aarch64-static', emulated, { cwd: copy, timeout: 300_000 });
