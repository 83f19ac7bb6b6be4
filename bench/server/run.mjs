// What a payment through the servers costs, beside its parts in the same run; and what tills notice of a hundred thousand unfinished payments,
// and of whoever means a server ill.
//   npm run bench:server -- [--payments 400] [--rounds 5] [--unfinished 100000] [--seconds 40]
// Prints the tables and writes them into docs/benchmarks.md. Servers are the command, in processes of their own, on a PostgreSQL of this run's.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Postgres } from '../../server/build/test/support/postgres.js';
import { ServerCommand } from '../../server/build/test/support/server-command.js';
import { writeSection } from '../page.mjs';
import { backlog } from './backlog.mjs';
import { Gateway } from './gateway-process.mjs';
import { payments } from './payments.mjs';
import { arrivals, at, median, tillsOf } from './tills.mjs';

const { values } = parseArgs({
  options: {
    payments: { type: 'string', default: '400' },
    rounds: { type: 'string', default: '5' },
    unfinished: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '40' },
  },
});
const [count, rounds, unfinished, seconds] = [values.payments, values.rounds, values.unfinished, values.seconds].map(
  Number,
);
const tills = 8;
/** A second: the merchant's limit of calls, and the new payments of tills that are watched for what they notice. */
const [limit, rate] = [100, 20];

const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
const terminals = async (server) => {
  const tokens = [];
  for (let till = 1; till <= tills; till += 1) tokens.push(await server.addTerminal({ name: `till ${till}`, ...shop }));
  return tokens;
};

/** Ended in reverse order, whatever happens. */
const open = [];
const ending = (thing, end) => {
  open.push(end);
  return thing;
};
async function startServer(options) {
  const server = await ServerCommand.of(options);
  ending(server, () => server.dispose());
  if (!(await server.start())) throw new Error(server.said);
  return server;
}
async function startGateway() {
  const gateway = await Gateway.start();
  return ending(gateway, () => gateway.close());
}

/** One and two servers on a database of their own. */
async function ofPayments(postgres) {
  const { client } = await startGateway();
  const options = { database: postgres.url(), merchants: [{ name: 'tea', ...client }] };
  const servers = [await startServer(options), await startServer(options)];
  const tokens = await terminals(servers[0]);
  return payments({ servers, tokens, postgres, client, rounds, count });
}

async function ofBacklog(postgres) {
  const [gateway, database] = [await startGateway(), await postgres.database()];
  const merchants = [{ name: 'tea', ...gateway.client, callsPerSecond: limit }];
  const server = await startServer({ database: postgres.url(database), merchants });
  const tokens = await terminals(server);
  return backlog({ server, tokens, postgres, database, gateway, count: unfinished, perSecond: rate, seconds });
}

async function ofHostility(postgres) {
  const [gateway, database] = [await startGateway(), await postgres.database()];
  const merchants = [{ name: 'tea', ...gateway.client }];
  const server = await startServer({ database: postgres.url(database), merchants });
  const [stolen, ...tokens] = await terminals(server);
  const good = tillsOf(tokens, [server]);
  await arrivals(good, rate, 5);
  const quiet = at(await arrivals(good, rate, seconds), 0.99);
  const child = fork(new URL('hostility.mjs', import.meta.url), [new URL(server.url).port, stolen], { execArgv: [] });
  ending(child, () => child.kill());
  await once(child, 'message');
  const meanwhile = at(await arrivals(good, rate, seconds), 0.99);
  return { quiet, meanwhile, most: (await server.memory()).most };
}

const digits = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(number >= 1 ? 3 : 2));
const spread = (numbers) =>
  `${digits(median(numbers))} (${digits(Math.min(...numbers))}–${digits(Math.max(...numbers))})`;
const table = (head, ...rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const mebibytes = (bytes) => (bytes / 1_024 / 1_024).toFixed(0);

/** Each with a database of its own; what it has started ends with it. */
async function measured(measure, postgres) {
  const before = open.length;
  try {
    return await measure(postgres);
  } finally {
    while (open.length > before) await open.pop()();
  }
}

const postgres = await Postgres.start();
try {
  const [{ version }] = await postgres.query('postgres', `select current_setting('server_version') as version`);
  const costs = await measured(ofPayments, postgres);
  const left = await measured(ofBacklog, postgres);
  const hostile = await measured(ofHostility, postgres);
  const [one] = costs.values();
  const part = (name) => digits(median(one.map(({ bare }) => bare[name])));
  const section = `## Merchant server

\`npm run bench:server\` makes this section.

Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, PostgreSQL ${version}; ${rounds} rounds of ${count} payments at ${tills} tills, median (ratios: with lowest and highest). Servers, tills, gateway and database share the machine; the gateway answers at once.

What a payment can't do without, by the leanest client at hand:

${table(
  ['a part of a payment', 'processor time, ms'],
  ['one HTTPS call to the gateway', part('https')],
  ['two commits', part('commits')],
  ['one HTTP request', part('http')],
  ['all of them', part('all')],
)}

The same payment through servers, which also know tills by their tokens, hold orders against a schema, fence what they write, audit it and count. Commits are transactions that write, without those of leases and jobs; acknowledgements share them. A sale's milliseconds are those of sales that come at half the rate of the last column, which is that of tills without a pause, and no promise.

${table(
  [
    'servers',
    'processor time, ms',
    '÷ parts',
    'commits a payment',
    'commits an acknowledgement',
    'p50, ms',
    'p99, ms',
    'payments a second',
  ],
  ...[...costs].map(([number, list]) => {
    const of = (name) => list.map((each) => each[name]);
    return [
      String(number),
      digits(median(of('cpu'))),
      spread(of('ratio')),
      median(of('commits')).toFixed(2),
      median(of('acknowledgements')).toFixed(2),
      digits(median(of('p50'))),
      digits(median(of('p99'))),
      digits(median(of('perSecond'))),
    ];
  }),
)}

A server starts before ${unfinished} unfinished payments, with a limit of ${limit} calls a second, while tills bring ${rate} new payments a second for ${seconds} s. The last column is against a start without the others:

${table(
  [
    'first settled after, s',
    'settled',
    'most memory, MiB',
    'most calls in a second',
    'a second, of the busiest ten',
    'p99 of new payments, ms',
    '÷ without',
  ],
  [
    digits(left.first / 1_000),
    String(left.settled),
    mebibytes(left.most),
    String(left.calls),
    digits(left.callsOfTen),
    digits(left.meanwhile),
    digits(left.meanwhile / left.alone),
  ],
)}

The same tills at a server that others mean ill: a thousand connections that say nothing or send a letter at a time, wrong tokens, bodies of 10 MB. The last column is against the same server before they came:

${table(
  ['most memory, MiB', 'p99 of good tills, ms', '÷ without'],
  [mebibytes(hostile.most), digits(hostile.meanwhile), digits(hostile.meanwhile / hostile.quiet)],
)}
`;
  console.log(section);
  if (left.reversals > 0) throw new Error(`${left.reversals} paid sales were reversed for want of a question`);
  writeSection('server', section);
} finally {
  await postgres.stop();
}
