// npm run simulate -- --runs 200000 [--seed 1] [--of till|servers]: histories of payments with faults and crashes, of tills whose
// scans race faces, or of servers on one database, each repeatable by its seed.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const histories = {
  payments: async () => (await import('../../build/js/test/support/simulated/world.js')).simulate,
  servers: async () =>
    (await import('../../build/js/test/support/simulated/servers/servers-history.js')).simulateServers,
  till: async () => (await import('../../build/js/test/support/simulated/shop.js')).sellThroughTill,
};

/** Runs every `step`th seed from `first` on; tells the seeds in which something went wrong, and now and then how far it is. */
async function work({ of, first, step, end, tell }) {
  const simulate = await histories[of]();
  // Stacks are expensive, and nobody reads them here.
  Error.stackTraceLimit = 0;
  let runs = 0;
  for (let seed = first; seed < end; seed += step) {
    const violations = await simulate(seed);
    if (violations.length > 0) tell({ seed, violations });
    runs += 1;
    if (runs % 1000 === 0) tell({ runs: 1000 });
  }
  tell({ runs: runs % 1000 });
}

function wholeNumber(name, text) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number, not ${text}`);
  process.exit(2);
}

async function main() {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      of: { type: 'string', default: 'payments' },
    },
  });
  const [runs, seed] = [wholeNumber('runs', values.runs), wholeNumber('seed', values.seed)];
  const { of } = values;
  if (!Object.hasOwn(histories, of)) {
    console.error(`--of must be one of ${Object.keys(histories).join(', ')}, not ${of}`);
    process.exit(2);
  }
  const threads = Math.min(availableParallelism(), Math.max(1, runs));
  const started = performance.now();
  let [done, wrong, told] = [0, 0, 0];
  const hear = (message) => {
    if (message.violations) {
      wrong += 1;
      if (wrong <= 20) console.log(`seed ${message.seed}: ${message.violations.join('; ')}`);
      return;
    }
    done += message.runs;
    if (done - told >= 20_000) {
      told = done;
      console.log(`${done} of ${runs} runs`);
    }
  };
  await Promise.all(
    Array.from({ length: threads }, (_, index) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { of, first: seed + index, step: threads, end: seed + runs },
      });
      worker.on('message', hear);
      return new Promise((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', resolve);
      });
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${done} runs from seed ${seed} in ${seconds.toFixed(1)} s: ${wrong === 0 ? 'all well' : `${wrong} went wrong`}`,
  );
  if (wrong > 0) {
    console.log(`One alone: npm run simulate -- --of ${of} --runs 1 --seed SEED`);
    process.exitCode = 1;
  }
}

if (isMainThread) await main();
else await work({ ...workerData, tell: (message) => parentPort.postMessage(message) });
