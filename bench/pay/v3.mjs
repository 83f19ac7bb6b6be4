// The payment client by API v3 beside the least that any client of it does: sign, and ask. A part of npm run bench:pay.
//   node bench/pay/v3.mjs [--rounds 9]
// Prints the table and writes it into docs/benchmarks.md. Rounds take turns, each ratio is taken within a round.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { writeSection } from '../page.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const warmUps = 3;
const callers = ['crypto.sign', 'crypto.sign + node:https', 'wxpay-face by API v3'];
const bare = callers[1];

async function start(script, args) {
  const child = fork(new URL(script, import.meta.url), args, { execArgv: ['--no-warnings'] });
  const [message] = await once(child, 'message');
  return { child, message };
}
const gateway = await start('gateway.mjs', []);
const { origin, ca, v3 } = gateway.message;
const called = {};
for (const name of callers) called[name] = (await start('caller.mjs', [name, origin, ca, JSON.stringify(v3)])).child;

const measured = Object.fromEntries(callers.map((name) => [name, { one: [], many: [] }]));
for (let round = -warmUps; round < rounds; round++)
  for (const [row, calls, atOnce] of [
    ['one', 600, 1],
    ['many', 1280, 64],
  ])
    for (const name of callers) {
      called[name].send({ calls, atOnce });
      const [microseconds] = await once(called[name], 'message');
      if (round >= 0) measured[name][row].push(microseconds);
    }
for (const child of [gateway.child, ...Object.values(called)]) child.disconnect();

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];
const show = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
function ratio(name, row) {
  const ratios = sorted(measured[name][row].map((value, round) => value / measured[bare][row][round]));
  return `${median(ratios).toFixed(2)} (${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)})`;
}
const lines = [
  ['', 'one at a time, µs', '÷ bare call', '64 at once, µs each', '÷ bare call'],
  ['---', '---', '---', '---', '---'],
  ...callers.map((name) => [
    name.replace('crypto.sign', '`crypto.sign`').replace('node:https', '`node:https`'),
    ...['one', 'many'].flatMap((row) => [show(median(measured[name][row])), ratio(name, row)]),
  ]),
];
const section = `## API v3

\`npm run bench:pay\` makes this section.

Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}; ${rounds} rounds, median (ratios: with lowest and highest).

RSA is expensive: the first row is the signature of the request alone, which every client of API v3 has to make. The bare call is that and a
request over kept connections, whose answer it reads as bytes; wxpay-face verifies the answer's signature as well. The microseconds are
of processor time, of a process of its own for each row; the gateway's signatures aren't counted.

${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}
`;
console.log(section);
writeSection('pay-v3', section);
