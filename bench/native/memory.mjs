// What an idle FaceService costs in memory, as one line of JSON, in kilobytes of this process and of its host process.
//   node --expose-gc bench/native/memory.mjs LIBRARY in-process|host-process COUNT
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaceService } from '../../dist/index.js';

const [library, host, count] = process.argv.slice(2);
const services = [];

async function open(number) {
  for (let i = 0; i < number; i++) {
    const service = await FaceService.open({ library, host });
    await service.call('report');
    services.push(service);
  }
}

async function residentMemory() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(100); // V8 frees what it has collected on a thread of its own
  }
  return process.memoryUsage.rss();
}

function privateMemory(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const lines = [...rollup.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)];
  return lines.reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0);
}

await open(5); // what the first ones load serves all
const before = await residentMemory();
await open(Number(count));
const own = (await residentMemory()) - before;
const { pid } = await services[0].call('report'); // faulty.c tells in which process it is
console.log(
  JSON.stringify({
    own: own / 1024 / Number(count),
    hostProcess: host === 'host-process' ? privateMemory(pid) : 0,
  }),
);
process.exit();
