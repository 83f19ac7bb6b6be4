// Many calls through addon, stub library and pipe in one process: no response may stay behind, and memory must stay flat.
//   node scripts/check/soak.mjs [--calls 1000000]     (after npm run build:native)
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { root } from '../machine/run.mjs';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '50000' }, serve: { type: 'boolean', default: false } },
});
const target = `${process.platform}-${process.arch}`;
const pipe = process.env.WXPAY_FACE_PIPE ?? join(root, 'build', `soak-${process.pid}.sock`);

/** Answers each request with itself; an empty one gets a closed connection. */
function serve() {
  const server = createServer((connection) => {
    connection.on('error', () => {});
    let bytes = Buffer.alloc(0);
    connection.on('data', (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE(0)) return;
      connection.end(bytes.length === 4 ? undefined : bytes);
    });
  });
  server.listen(pipe, 1024, () => process.send('ready'));
  process.once('disconnect', () => process.exit());
}

async function soak(calls) {
  process.env.WXPAY_FACE_PIPE = pipe;
  // In a process of its own, so that this one's memory is the addon's.
  const service = fork(fileURLToPath(import.meta.url), ['--serve']);
  await once(service, 'message');

  const addon = createRequire(import.meta.url)(join(root, 'prebuilds', target, 'wxpay_face.node'));
  const stub = join(root, 'prebuilds', target, 'libWxpayFaceSDK.so');
  const open = async (path) => {
    const opened = new addon.NativeLibrary(path);
    await opened.load();
    return opened;
  };
  const library = await open(stub);
  const sizes = [2, 100, 0, 1000, 2000, 70_000];
  let refused = 0;

  async function call(number) {
    const request = Buffer.alloc(sizes[number % sizes.length], number);
    try {
      const response = await library.call(request);
      if (!response.equals(request)) throw new Error(`call ${number} got another call's response`);
    } catch (error) {
      if (error.returnValue !== -3 || request.length > 0) throw error;
      refused++;
    }
  }

  async function callMany(count) {
    let next = 0;
    const lane = async () => {
      while (next < count) await call(next++);
    };
    await Promise.all(Array.from({ length: 16 }, lane));
  }

  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc');
  const memory = async (when) => {
    for (let i = 0; i < 3; i++) {
      collectGarbage();
      await sleep(50); // V8 frees what it has collected on a thread of its own
    }
    const megabytes = process.memoryUsage.rss() / 2 ** 20;
    console.log(`resident memory ${when}: ${megabytes.toFixed(1)} MiB`);
    return megabytes;
  };

  const started = performance.now();
  await callMany(Math.min(10_000, calls)); // until allocators and threads are there
  await memory('at the start');
  await callMany(Math.floor(calls / 2));
  const middle = await memory('in the middle');
  await callMany(Math.ceil(calls / 2));
  const end = await memory('at the end');
  const seconds = (performance.now() - started) / 1000;

  const counter = await open(join(root, 'build', target, 'test', 'outstanding.so'));
  const outstanding = String(await counter.call(Buffer.from(stub)));
  console.log(
    `${calls} calls in ${seconds.toFixed(1)} s, ${refused} refused as they should be, ${outstanding} outstanding`,
  );
  service.disconnect();
  rmSync(pipe, { force: true });
  if (outstanding !== '0') throw new Error('responses were not given back');
  // What an allocator may still keep; a leak of 100 bytes a call is six times as much in the long form's second half.
  if (end - middle > 8) throw new Error('memory grew in the second half');
}

if (values.serve) serve();
else await soak(Number(values.calls));
