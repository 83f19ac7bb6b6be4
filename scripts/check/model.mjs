// npm run model [-- --most 2]: visits every state of a payment, and of a refund, before a gateway and a network that may do anything that
// docs/facts.md allows; with each dimension of trouble alone, and up to `most` (default: 3) of them together.
import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';

const { findings, runs } = await import('../../build/js/test/payment/model/runs.js');

const { values } = parseArgs({ args: argv.slice(2), options: { most: { type: 'string', default: '3' } } });
const most = Number(values.most);
if (![0, 1, 2, 3].includes(most)) {
  console.error(`--most must be a number from 0 to 3, not ${values.most}`);
  exit(2);
}

const started = performance.now();
let [total, wrong] = [0, 0];
for (const { name, states, edges, held, findings: found } of runs(most)) {
  total += states;
  const isHeld = states === held;
  if (found.length > 0 || !isHeld) wrong += 1;
  console.log(
    `${name}: ${states} states, ${edges} edges${isHeld ? '' : `, not ${held} states as in test/payment/model/states.ts`}`,
  );
  for (const { what, trace } of found) console.log(`  ${what}:\n    ${trace.join('\n    ')}`);
}
for (const { name, isFound } of findings()) {
  if (!isFound) wrong += 1;
  console.log(`planted: ${name}: ${isFound ? 'found' : 'NOT FOUND'}`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${total} states in ${seconds} s: ${wrong === 0 ? 'all well' : `${wrong} went wrong`}`);
if (wrong > 0) exit(1);
