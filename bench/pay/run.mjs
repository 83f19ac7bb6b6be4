// The payment client beside its peers, wechatpay-axios-plugin and tenpay, in one run.
//   npm run bench:pay -- [--rounds 9]
// Prints the tables and writes them into docs/benchmarks.md. Rounds take turns, so that a busy machine disturbs all alike; each
// ratio is taken within a round, and told as the median over the rounds with the lowest and the highest.
import { execFileSync, fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeSection } from '../page.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);

if (!existsSync(new URL('../node_modules/tenpay', import.meta.url)))
  execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: `${root}bench`, stdio: 'inherit' });

const { sign, verifySignature } = await import('../../build/js/lib/pay/sign.js');
const { buildXml, parseXml } = await import('../../build/js/lib/pay/xml.js');
const { answer, key, merchant, request, written } = await import('./messages.mjs');
const { Hash, Transformer } = require('wechatpay-axios-plugin');
const Tenpay = require('tenpay');
const tenpayXml = require('tenpay/lib/util.js');

const peers = ['wxpay-face', 'wechatpay-axios-plugin', 'tenpay'];

// ── one exchange of messages ──

const response = written(answer('1415757673'));
const joined = (fields) =>
  `${Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')}&key=${key}`;
const requestText = joined(request);
const responseText = joined(answer('1415757673'));

const tenpay = new Tenpay({ appid: merchant.appid, mchid: merchant.mch_id, partnerKey: key });
const ensure = (good) => {
  if (!good) throw new Error('not verified');
};
const exchange = {
  'wxpay-face': () => {
    buildXml({ ...request, sign: sign(request, key, 'HMAC-SHA256') });
    ensure(verifySignature(parseXml(response), key, 'HMAC-SHA256'));
  },
  'wechatpay-axios-plugin': () => {
    Transformer.toXml({ ...request, sign: Hash.sign('HMAC-SHA256', request, key) });
    const { sign: actual, ...fields } = Transformer.toObject(response.toString());
    ensure(Hash.equals(Hash.sign('HMAC-SHA256', fields, key), actual));
  },
  tenpay: async () => {
    tenpayXml.buildXML({ ...request, sign: tenpay._getSign(request, 'HMAC-SHA256') });
    const fields = await tenpayXml.parseXML(response.toString());
    ensure(fields.sign === tenpay._getSign(fields, 'HMAC-SHA256'));
  },
  floor: () => {
    createHmac('sha256', key).update(requestText).digest('hex');
    createHmac('sha256', key).update(responseText).digest('hex');
  },
};

/** Microseconds of processor time an exchange. */
async function exchanged(call, calls) {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done++) await call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

// ── a whole signed call over loopback TLS: an orderquery, over kept connections; gateway and callers are processes each ──

const callers = ['node:https', 'got', ...peers];
async function start(script, args) {
  const child = fork(new URL(script, import.meta.url), args, { execArgv: ['--no-warnings'] });
  const [message] = await once(child, 'message');
  return { child, message };
}
const gateway = await start('gateway.mjs', []);
const { origin, ca } = gateway.message;
const called = {};
for (const name of callers) called[name] = (await start('caller.mjs', [name, origin, ca])).child;
async function whole(name, calls, atOnce) {
  called[name].send({ calls, atOnce });
  const [microseconds] = await once(called[name], 'message');
  return microseconds;
}

// ── loading ──

const loads = {
  'wxpay-face': [`import('${new URL('../../dist/index.js', import.meta.url)}')`, `require('${root}dist/index.cjs')`],
  'wechatpay-axios-plugin': [
    `import('${root}bench/node_modules/wechatpay-axios-plugin/index.js')`,
    `require('${root}bench/node_modules/wechatpay-axios-plugin')`,
  ],
  tenpay: [`import('${root}bench/node_modules/tenpay/lib/index.js')`, `require('${root}bench/node_modules/tenpay')`],
};
function load(expression) {
  const script = `(async () => { const m = process.memoryUsage().rss, s = performance.now(); await ${expression};
    console.log(JSON.stringify([performance.now() - s, (process.memoryUsage().rss - m) / 2 ** 20])); })()`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
}

// ── measuring, in turns ──

const names = {
  exchange: 'sign + build, parse + verify, µs',
  one: 'a whole call, one at a time, µs',
  many: 'a whole call, 64 at once, µs each',
  importTime: '`import`, ms',
  importMemory: '`import`, MiB',
  requireTime: '`require`, ms',
  requireMemory: '`require`, MiB',
};
const measured = Object.fromEntries(Object.keys(names).map((row) => [row, {}]));
// The first rounds warm up.
const warmUps = 3;
for (let round = -warmUps; round < rounds; round++) {
  const note = (row, name, value) => {
    if (round < 0) return;
    measured[row][name] ??= [];
    measured[row][name].push(value);
  };
  for (const name of [...peers, 'floor']) note('exchange', name, await exchanged(exchange[name], 3000));
  for (const name of callers) note('one', name, await whole(name, 1500, 1));
  for (const name of callers) note('many', name, await whole(name, 2560, 64));
  for (const name of round < 0 ? [] : peers) {
    const [imported, required] = loads[name].map(load);
    note('importTime', name, imported[0]);
    note('importMemory', name, imported[1]);
    note('requireTime', name, required[0]);
    note('requireMemory', name, required[1]);
  }
}
for (const child of [gateway.child, ...Object.values(called)]) child.disconnect();

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];
const show = (value) => (value === undefined ? '–' : value >= 100 ? value.toFixed(0) : value.toPrecision(3));
function ratio(row, name, other) {
  const [list, others] = [measured[row][name], measured[row][other]];
  if (list === undefined || others === undefined) return '–';
  const ratios = sorted(list.map((value, round) => value / others[round]));
  return `${median(ratios).toFixed(2)} (${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)})`;
}
const table = (lines) =>
  [lines[0], lines[0].map(() => '---'), ...lines.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const compared = table([
  ['', ...peers, '÷ axios-plugin', '÷ tenpay', '÷ bare hash'],
  ...Object.entries(names).map(([row, name]) => [
    name,
    ...peers.map((peer) => show(median(measured[row][peer]))),
    ratio(row, peers[0], peers[1]),
    ratio(row, peers[0], peers[2]),
    ratio(row, peers[0], 'floor'),
  ]),
]);
const beside = table([
  ['', 'one at a time, µs', '÷ bare', '64 at once, µs each', '÷ bare'],
  ...callers.map((name) => [
    name === 'node:https' ? 'bare `node:https`' : name,
    ...['one', 'many'].flatMap((row) => [show(median(measured[row][name])), ratio(row, name, 'node:https')]),
  ]),
]);
const versions = peers.slice(1).map((peer) => `${peer} ${require(`${peer}/package.json`).version}`);
const section = `## Payment client

\`npm run bench:pay\` makes this section.

Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${versions.join(', ')}; ${rounds} rounds, median (ratios: with lowest and
highest). A ratio below 1 means that wxpay-face is quicker or smaller. The microseconds are of processor time. The call is an
orderquery with HMAC-SHA256 over kept connections; each client is a process of its own, and so is the server, whose time isn't
counted. Loading counts all of wxpay-face, the terminal's half included. The bare hash is the two HMACs over texts joined
beforehand.

${compared}

The whole call beside what it stands on: the bare request and got at its leanest send a message made beforehand, with the same
headers, and read the answer as bytes.

${beside}
`;
console.log(section);
writeSection('pay', section);
