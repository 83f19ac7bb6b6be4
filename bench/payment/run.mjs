// What the care for a payment costs: beside the parts' own time, and beside a bare loop that keeps no journal.
//   npm run bench:payment -- [--rounds 5]
// Prints the tables and writes them into docs/benchmarks.md. Rounds take turns, so that a busy machine disturbs all alike;
// each ratio is taken within a round, and told as the median over the rounds with the lowest and the highest.
import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  FacePay,
  FaceService,
  FileJournal,
  localMerchant,
  MemoryJournal,
  PayClient,
  PaymentProcessor,
} from '../../dist/index.js';
import { startSimulator } from '../../dist/simulator.js';
import { writeSection } from '../page.mjs';
import { bareLog, journalTables, timed } from './journal.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);
/** Of what is over quickly, and is held against a bound. */
const fineRounds = Math.max(rounds, 9);
const perRound = 20;

const sorted = (numbers) => [...numbers].sort((one, other) => one - other);
const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)];
const digits = (number) => (number >= 100 ? number.toFixed(0) : number.toPrecision(number >= 1 ? 3 : 2));
const spread = (numbers) =>
  `${digits(median(numbers))} (${digits(Math.min(...numbers))}–${digits(Math.max(...numbers))})`;
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const folders = [];
function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'wxpay-face-bench-'));
  folders.push(folder);
  return folder;
}
const openFileJournal = () => FileJournal.open(newFolder());
const journals = { MemoryJournal: async () => new MemoryJournal(), FileJournal: openFileJournal };

let serial = 0;
const newOrder = () => {
  serial += 1;
  return { out_trade_no: `B-${process.pid}-${serial}`, total_fee: 1250, body: '拿铁咖啡' };
};

/** Puts each write to a journal on a list. */
function listWrites(journal) {
  const writes = [];
  for (const method of ['create', 'put']) {
    const write = journal[method].bind(journal);
    journal[method] = async (record) => {
      const begin = performance.now();
      await write(record);
      writes.push({ record, begin, end: performance.now() });
    };
  }
  return writes;
}

/** Milliseconds of the bare append and sync of the same writes, with the same pauses before them: a disk that waits gets slow. */
async function bareWrites(log, writes, started) {
  let [total, last] = [0, started];
  for (const { record, begin, end } of writes) {
    await new Promise((resolve) => setTimeout(resolve, begin - last));
    total += await timed(() => log.create(record));
    last = end;
  }
  return total;
}

/** Milliseconds of a whole sale, of its calls of face and gateway, and of the bare writes that it needs. */
async function measured({ facePay, writes, log }) {
  let calls = 0;
  const add = ({ duration }) => {
    calls += duration;
  };
  writes.splice(0);
  for (const name of ['wxpay-face.face.call', 'wxpay-face.pay.call']) subscribe(name, add);
  const started = performance.now();
  await facePay.pay(newOrder());
  const total = performance.now() - started;
  for (const name of ['wxpay-face.face.call', 'wxpay-face.pay.call']) unsubscribe(name, add);
  const disk = log === undefined ? 0 : await bareWrites(log, writes.splice(0), started);
  return { total, calls, disk, parts: calls + disk };
}

/** A whole face payment: what lies between the parts' own time and the whole. */
async function latency(rounds) {
  const simulator = await startSimulator({ scenario: { faceDelay: 0, confirmDelay: 0, latency: 0 } });
  const { library } = simulator;
  const face = await FaceService.open({ library });
  const client = new PayClient(simulator.client);
  const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };
  const tills = [];
  for (const [name, open] of Object.entries(journals)) {
    const journal = await open();
    const writes = listWrites(journal);
    const log = name === 'MemoryJournal' ? undefined : await bareLog(newFolder());
    const processor = new PaymentProcessor({ client, journal });
    const facePay = new FacePay({ face, merchant: localMerchant(client, processor), terminal });
    tills.push({ name, journal, processor, facePay, writes, log, rounds: [] });
  }
  for (const till of tills) for (let index = 0; index < perRound; index += 1) await measured(till);
  for (let round = 0; round < rounds; round += 1)
    for (const till of tills) {
      const runs = [];
      for (let index = 0; index < perRound; index += 1) runs.push(await measured(till));
      const of = (value) => median(runs.map(value));
      till.rounds.push({
        total: of(({ total }) => total),
        calls: of(({ calls }) => calls),
        disk: of(({ disk }) => disk),
        added: of(({ total, parts }) => total - parts),
        ratio: of(({ total, parts }) => total / parts),
      });
    }
  for (const { processor, journal, log } of tills) {
    await processor.close();
    await journal.close();
    await log?.close();
  }
  client.close();
  await simulator.close();
  await face.close();
  return table(
    ['FacePay.pay with', 'whole ms', 'calls ms', 'bare writes ms', 'added ms', 'whole ÷ parts'],
    tills.map(({ name, log, rounds }) => {
      const of = (what) => rounds.map((each) => each[what]);
      return [
        name,
        digits(median(of('total'))),
        digits(median(of('calls'))),
        log === undefined ? '–' : digits(median(of('disk'))),
        spread(of('added')),
        spread(of('ratio')),
      ];
    }),
  );
}

const verified = { return_code: 'SUCCESS', appid: 'wx5f3a000000000001', mch_id: '1900000109' };
const identity = { appid: verified.appid, mch_id: verified.mch_id };
const failed = (err_code) => ({ ...verified, result_code: 'FAIL', err_code });
const state = ({ out_trade_no }, trade_state) => ({ ...verified, result_code: 'SUCCESS', out_trade_no, trade_state });
const paid = (order) => ({
  ...state(order, 'SUCCESS'),
  total_fee: 1250,
  transaction_id: '1008450740201411110005820873',
});
const code = { auth_code: '120061098828009406' };

/** Synchronous writes, by how a payment ends. */
async function syncs() {
  const polling = { firstDelay: 1, interval: 1, timeout: 50 };
  const reversal = { notBefore: 0, mode: 'await', backoff: { initial: 1 } };
  const scripts = {
    'paid at once': { micropay: paid },
    'unknown, then paid': { micropay: () => failed('USERPAYING'), orderquery: paid },
    declined: { micropay: () => failed('NOTENOUGH'), orderquery: () => failed('ORDERNOTEXIST') },
    'unknown, then reversed': {
      micropay: () => failed('USERPAYING'),
      orderquery: (order) => state(order, 'PAYERROR'),
      reverse: () => ({ ...verified, result_code: 'SUCCESS', recall: 'N' }),
    },
  };
  const rows = [];
  for (const [name, script] of Object.entries(scripts)) {
    const journal = new MemoryJournal();
    let writes = 0;
    for (const method of ['create', 'put']) {
      const write = journal[method].bind(journal);
      journal[method] = (record) => {
        writes += 1;
        return write(record);
      };
    }
    const answer = (method) => async (params) => script[method](params);
    let isReversed = false;
    const client = {
      identity,
      micropay: answer('micropay'),
      orderquery: async (params) => (isReversed ? state(params, 'REVOKED') : script.orderquery(params)),
      reverse: async (params) => {
        isReversed = true;
        return script.reverse(params);
      },
    };
    const processor = new PaymentProcessor({ client, journal, polling, reversal });
    const outcome = await processor.pay(newOrder(), code);
    await processor.acknowledge(outcome);
    rows.push([name, String(writes)]);
  }
  return table(['a payment that is', 'synchronous writes, with the acknowledgement'], rows);
}

const crowd = 10_000;
const queries = 3;

/** Ten thousand payments at once, each unknown, each queried until the third query says SUCCESS. */
function crowdClient(onQuery) {
  const asked = new Map();
  return {
    identity,
    micropay: async () => failed('USERPAYING'),
    orderquery: async (params) => {
      const count = (asked.get(params.out_trade_no) ?? 0) + 1;
      asked.set(params.out_trade_no, count);
      onQuery(count);
      return count === queries ? paid(params) : state(params, 'USERPAYING');
    },
  };
}

const contenders = {
  /** No journal, no machine, no abort, nothing checked: the least that any till does. */
  'bare loop': async (client, interval) => {
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    return {
      pay: async (order) => {
        await client.micropay({ ...order, ...code });
        for (;;) {
          await sleep(interval);
          const answer = await client.orderquery({ out_trade_no: order.out_trade_no });
          if (answer.trade_state === 'SUCCESS') return answer;
        }
      },
      close: async () => undefined,
    };
  },
};
for (const [name, open] of Object.entries(journals))
  contenders[`PaymentProcessor, ${name}`] = async (client, interval) => {
    const journal = await open();
    const polling = { firstDelay: interval, interval, timeout: 600_000 };
    const processor = new PaymentProcessor({ client, journal, polling });
    return {
      pay: (order) => processor.pay(order, code),
      close: async () => {
        await processor.close();
        await journal.close();
      },
    };
  };

/** In a process of its own: what earlier runs left in memory would count. */
async function crowdRun(name) {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  let [inFlight, heap] = [0, 0];
  // Of the collection that serves the measurement alone.
  let collecting = { user: 0, system: 0 };
  const client = crowdClient((count) => {
    if (count !== 1) return;
    inFlight += 1;
    if (inFlight !== crowd) return;
    const started = process.cpuUsage();
    globalThis.gc();
    collecting = process.cpuUsage(started);
    heap = process.memoryUsage().heapUsed - before;
  });
  const contender = await contenders[name](client, 1_000);
  const cpu = process.cpuUsage();
  const payments = Array.from({ length: crowd }, () => contender.pay(newOrder()));
  await Promise.all(payments);
  const { user, system } = process.cpuUsage(cpu);
  await contender.close();
  const microseconds = user + system - collecting.user - collecting.system;
  console.log(JSON.stringify({ cpu: microseconds / 1e6, kilobytes: heap / crowd / 1024 }));
}

function crowds() {
  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const name of Object.keys(contenders)) {
      const output = execFileSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url)], {
        env: { ...process.env, WXPAY_FACE_BENCH_CROWD: name },
        encoding: 'utf8',
      });
      results[name].push(JSON.parse(output));
    }
  const bare = results['bare loop'];
  return table(
    ['', 'payments per second of processor time', 'KB of heap per payment in flight', 'processor time ÷ bare loop'],
    Object.entries(results).map(([name, runs]) => [
      name,
      digits(median(runs.map(({ cpu }) => crowd / cpu))),
      digits(median(runs.map(({ kilobytes }) => kilobytes))),
      name === 'bare loop' ? '–' : spread(runs.map(({ cpu }, index) => cpu / bare[index].cpu)),
    ]),
  );
}

async function main() {
  const results = [
    `Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}; ${rounds} rounds, ${fineRounds} of whole sales and of the journal; median (with lowest and highest).`,
    `A whole face payment on the simulator, service and gateway answering at once: the time of \`FacePay.pay\` beside that of its parts, which are its calls to face service and gateway, and a bare append and fdatasync for each of its writes, after the same pauses.`,
    await latency(fineRounds),
    ...(await journalTables(fineRounds, { table, spread, digits, median })),
    'Writes to the journal that wait for the disk:',
    await syncs(),
    `${crowd} payments at once, each unknown, each queried every second, the third query saying SUCCESS:`,
    crowds(),
    `Processor time, of a process of its own for each row, in rounds that take turns. About a third of the processor's is V8's collector, which copies what belongs to each payment in flight: its run, its request, its place among those that pause, and the promises of whoever waits; a fifth is V8's compiler, since all of them come to each step at once. The rest is three records made and written, four answers held against the order, and the machine.`,
  ].join('\n\n');
  writeSection('payment', `## Payments\n\n\`npm run bench:payment\` makes this section.\n\n${results}`);
  console.log(results);
}

try {
  const contender = process.env.WXPAY_FACE_BENCH_CROWD;
  await (contender === undefined ? main() : crowdRun(contender));
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
