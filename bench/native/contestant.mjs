// One of the three ways to call the library, in a process of its own, so that none pays for the garbage of another:
//   fork(contestant.mjs, [WAY, LIBRARY]) answers each message { size, atOnce, count } with microseconds a call.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../../scripts/machine/run.mjs';

const require = createRequire(import.meta.url);
const target = `${process.platform}-${process.arch}`;

async function ours(path) {
  const addon = require(join(root, 'prebuilds', target, 'wxpay_face.node'));
  const library = new addon.NativeLibrary(path);
  await library.load();
  return (request) => library.call(request);
}

function byKoffi(path) {
  const koffi = require('koffi');
  const library = koffi.load(path);
  const call = library.func(
    'int wxpayCallFaceService(const uint8_t *request, uint32_t size, _Out_ void **response, _Out_ uint32_t *responseSize)',
  );
  const release = library.func('void wxpayReleaseResponse(_Inout_ void **response)');
  return (request) =>
    new Promise((resolve, reject) => {
      const response = [null];
      const size = [0];
      call.async(request, request.length, response, size, (error, returned) => {
        if (error) return reject(error);
        if (returned !== 0) return reject(new Error(`returned ${returned}`));
        const answer = Buffer.from(koffi.decode(response[0], koffi.array('uint8_t', size[0], 'Typed')));
        release(response);
        resolve(answer);
      });
    });
}

function byAsyncWorker(path) {
  const worker = require(join(root, 'build', 'bench', 'out', 'async_worker.node'));
  worker.open(path);
  return worker.call;
}

export const ways = { 'wxpay-face': ours, koffi: byKoffi, AsyncWorker: byAsyncWorker };

export async function callMany(call, request, atOnce, count) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await call(request);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, lane));
  return ((performance.now() - started) * 1000) / count;
}

if (process.send !== undefined) {
  const [way, library] = process.argv.slice(2);
  const call = await ways[way](library);
  process.on('message', async ({ size, atOnce, count }) => {
    process.send(await callMany(call, Buffer.alloc(size, 'x'), atOnce, count));
  });
}
