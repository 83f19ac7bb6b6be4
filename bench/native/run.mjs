// The native core beside its peers, in one run: koffi's .async and an AsyncWorker, all three on the same library.
//   npm run bench:native -- [--rounds 9]
// Prints the table and writes it into docs/benchmarks.md. A round is several short batches of each, in turn, so that a busy
// machine disturbs all alike, and its time is their median; each ratio is taken within a round, and told as the median over
// the rounds with the lowest and the highest.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { build } from '../../scripts/build/native-variant.mjs';
import { root, run } from '../../scripts/machine/run.mjs';
import { writeSection } from '../page.mjs';
import { callMany, ways } from './contestant.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const target = `${process.platform}-${process.arch}`;
const require = createRequire(import.meta.url);

if (!existsSync(new URL('../node_modules/koffi', import.meta.url)))
  run('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: join(root, 'bench') });
const built = join(build('bench', { WXPAY_FACE_BENCHMARKS: 'ON' }, 'Release'), 'out');
const instant = join(root, 'build', target, 'test', 'instant.so');
const faulty = join(root, 'build', target, 'test', 'faulty.so');
const slow = join(built, 'slow.so');

const names = Object.keys(ways);
// Another one first in each round: who comes first finds the processor as others left it.
const inTurn = (list, i) => list.map((_, place) => list[(i + place) % list.length]);

// ── numbers ──

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const round = (number) => (number >= 100 ? number.toFixed(0) : number >= 1 ? number.toFixed(1) : number.toFixed(2));
const ratio = (mine, theirs) => {
  const ratios = mine.map((time, i) => time / theirs[i]);
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
};
const row = (...cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(...head), row(...head.map(() => '---')), ...rows].join('\n');

// ── round trips ──

/** Microseconds a call of each contestant, one number a round; the first round warms up and isn't counted. */
async function contest(contestants, count) {
  const batches = 7;
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let i = 0; i <= rounds; i++) {
    const inRound = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
    for (let batch = 0; batch < batches; batch++)
      for (const name of inTurn(Object.keys(contestants), batch))
        inRound[name].push(await contestants[name](Math.ceil(count / batches)));
    if (i === 0) continue;
    for (const [name, all] of Object.entries(inRound)) times[name].push(median(all));
  }
  return times;
}

const floor = (size, count) =>
  Number(execFileSync(join(built, 'floor'), [instant, String(size), String(count)], { encoding: 'utf8' }));

async function roundTrips() {
  const contestant = join(root, 'bench', 'native', 'contestant.mjs');
  const children = Object.fromEntries(names.map((name) => [name, fork(contestant, [name, instant])]));
  const timed = async (name, batch) => {
    children[name].send(batch);
    const [microseconds] = await once(children[name], 'message');
    return microseconds;
  };
  const rows = [];
  for (const atOnce of [1, 32]) {
    for (const [label, size, count] of [
      ['100 B', 100, 10_000],
      ['1 KB', 1024, 10_000],
      ['64 KB', 65_536, 4000],
    ]) {
      const contestants = Object.fromEntries(
        names.map((name) => [name, (batch) => timed(name, { size, atOnce, count: batch })]),
      );
      const times = await contest({ ...contestants, floor: (batch) => floor(size, batch) }, count);
      const mine = times['wxpay-face'];
      rows.push(
        row(
          `${label}, ${atOnce === 1 ? 'one at a time' : `${atOnce} at once`}`,
          ...names.map((name) => round(median(times[name]))),
          ratio(mine, times.koffi),
          ratio(mine, times.AsyncWorker),
          ratio(mine, times.floor),
        ),
      );
      console.log(rows.at(-1));
    }
  }
  for (const child of Object.values(children)) child.disconnect();
  return table(['round trip', ...names.map((name) => `${name} µs`), '÷ koffi', '÷ AsyncWorker', '÷ floor'], rows);
}

// ── what a blocked call does to the rest of the process ──

async function files() {
  const calls = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await ways[name](slow)])));
  const rows = [];
  for (const atOnce of [4, 16]) {
    const times = Object.fromEntries(names.map((name) => [name, []]));
    for (let i = 0; i < Math.min(rounds, 5); i++) {
      for (const name of inTurn(names, i)) {
        const blocked = Array.from({ length: atOnce }, () => calls[name](Buffer.from('x')));
        await sleep(20);
        const started = performance.now();
        await readFile(join(root, 'package.json'));
        times[name].push(performance.now() - started);
        await Promise.all(blocked);
      }
    }
    const mine = times['wxpay-face'];
    rows.push(
      row(
        `${atOnce} calls of 500 ms in flight`,
        ...names.map((name) => round(median(times[name]))),
        ratio(mine, times.koffi),
        ratio(mine, times.AsyncWorker),
      ),
    );
    console.log(rows.at(-1));
  }
  return table(['fs.readFile', ...names.map((name) => `${name} ms`), '÷ koffi', '÷ AsyncWorker'], rows);
}

// ── the host process ──

async function hostProcess() {
  const { FaceService } = await import('../../dist/index.js');
  const inside = await FaceService.open({ library: faulty, host: 'in-process' });
  const outside = await FaceService.open({ library: faulty, host: 'host-process' });
  const calls = (service) => (batch) => callMany(() => service.call('report'), undefined, 1, batch);
  const times = await contest({ inside: calls(inside), outside: calls(outside) }, 2000);
  await Promise.all([inside.close(), outside.close()]);
  const added = times.outside.map((time, i) => time - times.inside[i]);
  return table(
    ['FaceService.call', 'in-process µs', 'host-process µs', 'added µs', '÷ in-process'],
    [
      row(
        'a small command',
        round(median(times.inside)),
        round(median(times.outside)),
        `${round(median(added))} (${round(Math.min(...added))}–${round(Math.max(...added))})`,
        ratio(times.outside, times.inside),
      ),
    ],
  );
}

// ── memory ──

function memory() {
  const script = join(root, 'bench', 'native', 'memory.mjs');
  const rows = [
    ['in-process', 500],
    ['host-process', 20],
  ].map(([host, count]) => {
    const args = ['--expose-gc', script, faulty, host, String(count)];
    const { own, hostProcess } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    return row(host, round(own), hostProcess === 0 ? '–' : String(hostProcess));
  });
  return table(['an idle FaceService', 'KB in the process', 'KB private in its host process'], rows);
}

// ── the page ──

const results = [
  `Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0].model.trim()}, koffi ${require('koffi').version}; ${rounds} rounds, median ` +
    '(ratios: with lowest and highest). A ratio below 1 means that wxpay-face is quicker.',
  'The round trip of a request on a library that answers at once with the request itself, each way in a process of its own; ' +
    'the floor is the bare C call and two hand-overs between threads that sleep, one call at a time, without JavaScript. ' +
    'A call is below it if threads need not be woken: who asks again at once finds the thread still awake, and calls at ' +
    'once share their hand-overs.',
  await roundTrips(),
  'A small file read while calls are blocked (libuv has four threads for files, names, koffi and AsyncWorker together):',
  await files(),
  'A call through FaceService, in this process and in a host process of its own:',
  await hostProcess(),
  'Memory:',
  memory(),
].join('\n\n');

writeSection('native', `## Native\n\n\`npm run bench:native\` makes this section.\n\n${results}`);
console.log(results);
