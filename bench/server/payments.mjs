// What a payment through one server and through two costs, beside its parts.
import { setTimeout as sleep } from 'node:timers/promises';
import { parts } from './parts.mjs';
import { acknowledge, arrivals, at, sell, tillsOf } from './tills.mjs';

/** How many transactions have written so far: those that only read get no number. */
async function writes(postgres) {
  const [{ next }] = await postgres.query(
    'postgres',
    'select pg_snapshot_xmax(pg_current_snapshot())::text::float8 as "next"',
  );
  return next;
}

/** Transactions that write each millisecond where nobody pays: leases, and the looks of pg-boss. */
async function background(postgres) {
  const [before, began] = [await writes(postgres), performance.now()];
  await sleep(15_000);
  return ((await writes(postgres)) - before) / (performance.now() - began);
}

async function through(servers, tills, { postgres, count, idle }) {
  await sell(tills, count / 2);
  const cpu = async () =>
    (await Promise.all(servers.map((server) => server.processorTime()))).reduce((one, other) => one + other, 0);
  const [cpuBefore, writesBefore, began] = [await cpu(), await writes(postgres), performance.now()];
  const { outcomes, perSecond } = await sell(tills, count);
  const [cpuAfter, writesAfter, ended] = [await cpu(), await writes(postgres), performance.now()];
  await acknowledge(outcomes);
  const [acknowledged, last] = [await writes(postgres), performance.now()];
  const times = await arrivals(tills, perSecond / 2, count / perSecond);
  return {
    cpu: ((cpuAfter - cpuBefore) * 1_000) / outcomes.length,
    commits: (writesAfter - writesBefore - idle * (ended - began)) / outcomes.length,
    acknowledgements: (acknowledged - writesAfter - idle * (last - ended)) / outcomes.length,
    p50: at(times, 0.5),
    p99: at(times, 0.99),
    perSecond,
  };
}

/** Rounds that take turns, so that a busy machine disturbs all alike. @returns Of each number of servers what its rounds gave. */
export async function payments({ servers, tokens, postgres, client, rounds, count }) {
  const results = new Map([1, 2].map((number) => [number, []]));
  const idle = await background(postgres);
  for (let round = 0; round < rounds; round += 1) {
    const bare = await parts({ client, database: postgres.url(), count });
    for (const [number, list] of results) {
      const used = servers.slice(0, number);
      const result = await through(used, tillsOf(tokens, used), { postgres, count, idle });
      list.push({ ...result, bare, ratio: result.cpu / bare.all });
    }
  }
  return results;
}
