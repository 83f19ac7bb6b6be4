// What a payment through a server can't do without, each by the leanest client at hand: one HTTPS call, two commits, one HTTP request.
import { createServer, request } from 'node:http';
import { PayClient } from '../../dist/index.js';
import pg from '../../server/node_modules/pg/lib/index.js';
import { codeOf, next } from './tills.mjs';

/** Milliseconds of this process's processor time that each run of a task takes. */
async function perTask(task, count) {
  for (let index = 0; index < 50; index += 1) await task();
  const before = process.cpuUsage();
  for (let index = 0; index < count; index += 1) await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / count;
}

async function httpsCall(options, count) {
  const client = new PayClient(options);
  const task = () => {
    const number = next();
    const order = { out_trade_no: `P${number}`, total_fee: 100, body: 'Tea', spbill_create_ip: '127.0.0.1' };
    return client.micropay({ ...order, auth_code: codeOf(number) });
  };
  try {
    return await perTask(task, count);
  } finally {
    client.close();
  }
}

/** A row and its change, of the size of a payment's. */
async function twoCommits(connectionString, count) {
  const database = new pg.Client({ connectionString });
  await database.connect();
  const insert = { name: 'i', text: 'insert into bare values ($1, $2, $3)' };
  const update = { name: 'u', text: 'update bare set state = $2, data = $3 where id = $1' };
  try {
    await database.query('create table if not exists bare (id text primary key, state text, data text)');
    return await perTask(async () => {
      const id = next();
      await database.query({ ...insert, values: [id, 'a', 'x'.repeat(400)] });
      await database.query({ ...update, values: [id, 'b', 'x'.repeat(600)] });
    }, count);
  } finally {
    await database.end();
  }
}

const body = JSON.stringify({ order: { total_fee: 100, body: 'Tea' }, code: { auth_code: codeOf('0') } });
const ask = (port) =>
  new Promise((resolve, reject) => {
    const sent = request({ port, method: 'PUT', headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    sent.on('error', reject);
    sent.end(body);
  });

async function httpRequest(count) {
  const server = createServer((asked, answer) => {
    asked.resume();
    asked.on('end', () => answer.setHeader('content-type', 'application/json').end('{"status":"paid"}'));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    // Both sides are in this process: half of it.
    return (await perTask(() => ask(server.address().port), count)) / 2;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Milliseconds of processor time. */
export async function parts({ client, database, count }) {
  const [https, commits, http] = [
    await httpsCall(client, count),
    await twoCommits(database, count),
    await httpRequest(count),
  ];
  return { https, commits, http, all: https + commits + http };
}
