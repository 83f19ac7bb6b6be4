// Tills that sell through failing servers: npm run chaos -- --minutes 10 [--seed 4711]
// Exit code 0 if the gateway's ledger, the day's bill, the database and the tills agree in every sale.
import { parseArgs } from 'node:util';
import { chaos, lease, slack } from './chaos.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string', default: String(Date.now() % 1e6) } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes must be a number, --seed a whole one');

const began = performance.now();
const say = (what: string): void =>
  console.log(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${what}`);

say(`${minutes} minutes with seed ${seed}`);
const report = await chaos({ duration: minutes * 60_000, seed, servers: 3, tills: 20, onEvent: say });
const { sales, refunds, cancels, ends, faults, audits, takeOvers, wrong } = report;
const counted = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
const distribution = (times: readonly number[]): string => {
  const at = (share: number) => ((times[Math.ceil(share * times.length) - 1] ?? 0) / 1_000).toFixed(1);
  return times.length === 0
    ? 'none'
    : `${times.length}: ${[0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map(at).join(', ')} s`;
};

console.log(`
Sales       ${sales}, of which ${cancels} were given up and ${refunds} refunded
Ends        ${counted(ends)}
Faults      ${counted(faults)}
Audits      ${audits.times}, of ${audits.sales} sales in all
Take-overs  with a lease of ${lease / 1_000} s; shortest, quartiles, 95 %, 99 %, longest; at most ${(lease + slack) / 1_000} s
            ${distribution(takeOvers.times)}
            ${distribution(takeOvers.interrupted)} (the database was away meanwhile; without that time)
            ${takeOvers.ofTheLiving} of servers that had lost touch with the database
Wrong       ${wrong.length === 0 ? 'nothing' : ''}`);
for (const each of wrong) console.log(`  ${each}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
