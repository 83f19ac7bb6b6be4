// The bill's reader beside csv-parse, on a million rows that are made as they are read.
//   npm run bench:bill -- [--rounds 5] [--rows 1000000]
// Prints the table and writes it into docs/benchmarks.md. Rounds take turns, so that a busy machine disturbs all alike; each
// ratio is taken within a round, and told as the median over the rounds with the lowest and the highest. Ends with 1 if the
// reader is slower than csv-parse, or takes more than 64 MiB.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeSection } from '../page.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, rows: { type: 'string', default: '1000000' } },
});
const rounds = Number(values.rounds);
const root = fileURLToPath(new URL('../../', import.meta.url));

if (!existsSync(new URL('../node_modules/csv-parse', import.meta.url)))
  execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: `${root}bench`, stdio: 'inherit' });

const readers = ['wxpay-face', 'csv-parse', 'no reader'];
const measured = Object.fromEntries(readers.map((reader) => [reader, []]));
for (let round = 0; round < rounds; round++)
  for (const reader of readers) {
    const script = ['--expose-gc', `${root}bench/bill/reader.mjs`, reader, values.rows];
    measured[reader].push(JSON.parse(execFileSync(process.execPath, script, { encoding: 'utf8' })));
  }

const median = (numbers) => [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
const of = (reader, what) => measured[reader].map((figures) => figures[what]);
const ratios = of('wxpay-face', 'rowsPerSecond').map((rows, round) => rows / of('csv-parse', 'rowsPerSecond')[round]);
const spread = `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
const lines = readers.map((reader) => [
  reader,
  Math.round(median(of(reader, 'rowsPerSecond'))),
  Math.max(...of(reader, 'heap')).toFixed(0),
  Math.max(...of(reader, 'rss')).toFixed(0),
  reader === 'wxpay-face' ? spread : '–',
]);
const head = ['', 'rows a second', 'heap above the start, MiB', 'process above the start, MiB', '÷ csv-parse'];
const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const { version } = JSON.parse(
  readFileSync(new URL('../node_modules/csv-parse/package.json', import.meta.url), 'utf8'),
);
const section = `## Bills

\`npm run bench:bill\` makes this section.

Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, csv-parse ${version}; ${rounds} rounds, median (ratio: with lowest and highest; memory:
the most that was seen). A ratio above 1 means that wxpay-face is quicker. A bill of ${Number(values.rows).toLocaleString('en')} rows of 27 columns is made as it's read,
which is the last line. csv-parse parts the text by commas and no more; the bill's reader finds columns by name, makes fen of
amounts and adds them up.

${table}
`;
console.log(section);
writeSection('bill', section);
const most = Math.max(...of('wxpay-face', 'heap'), ...of('wxpay-face', 'rss'));
process.exit(median(ratios) >= 1 && most <= 64 ? 0 : 1);
