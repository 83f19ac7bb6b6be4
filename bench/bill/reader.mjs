// One reader on one bill, in a process of its own: its rows a second, and by how many MB heap and process have grown at most.
//   node --expose-gc bench/bill/reader.mjs READER ROWS
import { performance } from 'node:perf_hooks';
import { argv, memoryUsage } from 'node:process';
import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { readBill } from '../../build/js/lib/pay/bill/streamed-bill.js';
import { bill } from './text.mjs';

const readers = {
  'wxpay-face': async (rows) => (await readBill(bill(rows))).rows,
  // By commas alone: it knows neither backticks nor sums.
  'csv-parse': (rows) => Readable.from(bill(rows)).pipe(parse({ bom: true, quote: false, relax_column_count: true })),
  // What it takes to make the text.
  'no reader': (rows) => bill(rows),
};

const [, , name, count] = argv;
const rows = Number(count);
const read = async (many) => {
  let seen = 0;
  for await (const _row of await readers[name](many)) {
    seen += 1;
    if (seen % 4096 === 0) watch();
  }
};

const start = { heap: 0, rss: 0 };
const grown = { heap: 0, rss: 0 };
function watch() {
  const { heapUsed, rss } = memoryUsage();
  grown.heap = Math.max(grown.heap, heapUsed - start.heap);
  grown.rss = Math.max(grown.rss, rss - start.rss);
}

// Compiled, with its first memory.
await read(20_000);
globalThis.gc();
Object.assign(start, { heap: memoryUsage().heapUsed, rss: memoryUsage().rss });
Object.assign(grown, { heap: 0, rss: 0 });
const started = performance.now();
await read(rows);
const seconds = (performance.now() - started) / 1000;
watch();
const mebibytes = (bytes) => bytes / 2 ** 20;
console.log(JSON.stringify({ rowsPerSecond: rows / seconds, heap: mebibytes(grown.heap), rss: mebibytes(grown.rss) }));
