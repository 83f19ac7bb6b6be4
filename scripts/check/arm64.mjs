// The linux-arm64 binaries on Node.js for arm64, both under qemu's user mode: calls through the stub library in this
// process, and the file lock. (The host process would need binfmt_misc, which a container can't set up.)
//   node scripts/check/arm64.mjs

import { getNode } from '../machine/get-node.mjs';
import { root, run, script } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

ensureSystemPackages('running arm64 programs', ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross']);
script('build/setup.mjs');
script('build/native.mjs', '--target', 'linux-arm64');

const test = `
  import { rmSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import { FaceService } from './dist/index.js';
  import { startSimulator } from './dist/simulator.js';
  if (process.arch !== 'arm64') throw new Error('this is ' + process.arch);
  const simulator = await startSimulator();
  const face = await FaceService.open({ library: simulator.library, host: 'in-process' });
  await face.initWxpayface();
  const { rawdata } = await face.getWxpayfaceRawdata();
  if (typeof rawdata !== 'string') throw new Error('no rawdata');
  await face.close();
  await simulator.close();
  const { lockFile } = createRequire(import.meta.url)('./prebuilds/linux-arm64/wxpay_face.node');
  const lock = lockFile('build/arm64.lock');
  let code;
  try { lockFile('build/arm64.lock'); } catch (error) { code = error.code; }
  if (code !== 'ELOCKED') throw new Error('locked twice');
  lock.release();
  rmSync('build/arm64.lock');
  console.log('linux-arm64: calls and the file lock work on Node.js ' + process.version);
`;
const emulated = [
  'qemu-aarch64-static',
  ['-L', '/usr/aarch64-linux-gnu', getNode(22, 'linux-arm64'), '--input-type=module', '-e', test],
];
run(...emulated, { cwd: root, timeout: 300_000 });
