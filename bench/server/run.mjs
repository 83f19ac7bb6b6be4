// What a payment through the servers costs: processor time and commits, with one server and with two, beside the parts in the same run.
//   npm run bench:server -- [--payments 300] [--rounds 3]
// Prints its table. Each round measures the parts (one HTTPS call to the gateway, two commits, one HTTP request), one server, and two.
import { createServer, request } from 'node:http';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { PayClient } from '../../dist/index.js';
import { Client } from '../../server/build/test/support/client.js';
import { Postgres } from '../../server/build/test/support/postgres.js';
import { ServerCommand } from '../../server/build/test/support/server-command.js';
import { SimulatorProcess } from '../../server/build/test/support/simulator-process.js';
import pg from '../../server/node_modules/pg/lib/index.js';

const { values } = parseArgs({
  options: { payments: { type: 'string', default: '300' }, rounds: { type: 'string', default: '3' } },
});
const [payments, rounds] = [Number(values.payments), Number(values.rounds)];

const sorted = (numbers) => [...numbers].sort((one, other) => one - other);
const at = (numbers, share) => sorted(numbers)[Math.max(0, Math.ceil(numbers.length * share) - 1)];
const median = (numbers) => at(numbers, 0.5);

let serial = 0;
const next = () => {
  serial += 1;
  return String(serial);
};

/** Milliseconds of this process's processor time that each run of a task takes. */
async function perTask(task) {
  for (let index = 0; index < 50; index += 1) await task();
  const before = process.cpuUsage();
  for (let index = 0; index < payments; index += 1) await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / payments;
}

/** One HTTPS call, two commits, one HTTP request that is answered here. */
async function parts({ postgres, simulator }) {
  const client = new PayClient(simulator.client);
  const https = await perTask(() => {
    const number = next();
    return client.micropay({
      ...{ out_trade_no: `P${number}`, total_fee: 100, body: 'Tea', spbill_create_ip: '127.0.0.1' },
      auth_code: `13${number.padStart(16, '0')}`,
    });
  });
  client.close();
  const database = new pg.Client({ connectionString: postgres.url() });
  await database.connect();
  await database.query('create table if not exists bare (id text primary key, state text, data text)');
  const commits = await perTask(async () => {
    const id = next();
    await database.query({
      name: 'i',
      text: 'insert into bare values ($1, $2, $3)',
      values: [id, 'a', 'x'.repeat(400)],
    });
    await database.query({
      name: 'u',
      text: 'update bare set state = $2, data = $3 where id = $1',
      values: [id, 'b', 'x'.repeat(600)],
    });
  });
  await database.end();
  const server = createServer((asked, answer) => {
    asked.resume();
    asked.on('end', () => answer.setHeader('content-type', 'application/json').end('{"status":"paid"}'));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  // Both sides are in this process: half of it.
  const http = (await perTask(() => asked(port))) / 2;
  server.close();
  server.closeAllConnections();
  return https + commits + http;
}

const asked = (port) =>
  new Promise((resolve, reject) => {
    const sent = request({ port, method: 'PUT', headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end('{"order":{"total_fee":100,"body":"Tea"},"code":{"auth_code":"130000000000000000"}}');
  });

async function commitsOf(postgres) {
  const [{ count }] = await postgres.query(
    'postgres',
    `select xact_commit::int as "count" from pg_stat_database where datname = 'postgres'`,
  );
  return count;
}

/** Sales one after the other at each of eight tills, taking turns between the servers. */
async function sell(tills) {
  const times = [];
  const began = performance.now();
  await Promise.all(
    tills.map(async (till) => {
      for (let index = 0; index < payments / tills.length; index += 1) {
        const number = next();
        const started = performance.now();
        const { status, body } = await till.pay(`B${number}`, `13${number.padStart(16, '0')}`);
        if (status !== 200 || body.status !== 'paid') throw new Error(`${status} ${JSON.stringify(body)}`);
        times.push(performance.now() - started);
      }
    }),
  );
  return { times, perSecond: times.length / ((performance.now() - began) / 1_000) };
}

async function through(servers, tills, postgres) {
  await sell(tills);
  const cpu = async () =>
    (await Promise.all(servers.map((server) => server.processorTime()))).reduce((a, b) => a + b, 0);
  const [cpuBefore, commitsBefore] = [await cpu(), await commitsOf(postgres)];
  const { times, perSecond } = await sell(tills);
  const [cpuAfter, commitsAfter] = [await cpu(), await commitsOf(postgres)];
  return {
    cpu: ((cpuAfter - cpuBefore) * 1_000) / times.length,
    commits: (commitsAfter - commitsBefore) / times.length,
    p50: at(times, 0.5),
    p99: at(times, 0.99),
    perSecond,
  };
}

const postgres = await Postgres.start();
const simulator = await SimulatorProcess.start();
simulator.scenario = { latency: 0 };
const options = { database: postgres.url(), merchants: [{ name: 'tea', ...simulator.client }] };
const servers = [await ServerCommand.of(options), await ServerCommand.of(options)];
try {
  for (const server of servers) if (!(await server.start())) throw new Error(server.said);
  const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
  const tokens = [];
  for (let till = 1; till <= 8; till += 1) tokens.push(await servers[0].addTerminal({ name: `till ${till}`, ...shop }));
  const tillsOf = (urls) => tokens.map((token, index) => new Client(urls[index % urls.length], token));
  const results = { 1: [], 2: [] };
  for (let round = 0; round < rounds; round += 1) {
    const bare = await parts({ postgres, simulator });
    for (const count of [1, 2]) {
      const used = servers.slice(0, count);
      const result = await through(used, tillsOf(used.map(({ url }) => url)), postgres);
      results[count].push({ ...result, bare, ratio: result.cpu / bare });
    }
  }
  console.log(
    `Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}; ${rounds} rounds of ${payments} payments, eight tills`,
  );
  for (const [count, list] of Object.entries(results)) {
    const of = (what) => median(list.map((each) => each[what])).toFixed(2);
    console.log(
      `${count} server(s): ${of('cpu')} ms of processor time a payment, parts ${of('bare')} ms, ratio ${of('ratio')}; ${of('commits')} commits a payment; p50 ${of('p50')} ms, p99 ${of('p99')} ms; ${of('perSecond')} payments a second`,
    );
  }
} finally {
  for (const server of servers) await server.dispose();
  await simulator.close();
  await postgres.stop();
}
