// The payment client beside its peers, wechatpay-axios-plugin and tenpay, in one run.
//   npm run bench:pay -- [--rounds 9]
// Prints the tables and writes them into docs/benchmarks.md. Rounds take turns, so that a busy machine disturbs all alike; each
// ratio is taken within a round, and told as the median over the rounds with the lowest and the highest.
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);

if (!existsSync(new URL('../node_modules/tenpay', import.meta.url)))
  execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: `${root}bench`, stdio: 'inherit' });

const { PayClient } = await import('../../dist/index.js');
const { sign, verifySignature } = await import('../../build/js/lib/pay/sign.js');
const { buildXml, parseXml } = await import('../../build/js/lib/pay/xml.js');
const { certificatesFor } = await import('../../build/js/lib/simulator/certificates.js');
const { Hash, Transformer, Wechatpay } = require('wechatpay-axios-plugin');
const Tenpay = require('tenpay');
const tenpayXml = require('tenpay/lib/util.js');

const peers = ['wxpay-face', 'wechatpay-axios-plugin', 'tenpay'];
const key = '192006250b4c09247ec02edce69f6a2d';
const merchant = { appid: 'wx2421b1c4370ec43b', mch_id: '1900000109' };
const nonce = () => randomBytes(16).toString('hex');

// ── one exchange of messages ──

const request = {
  ...merchant,
  attach: '订单额外描述',
  auth_code: '120269300684844649',
  body: '付款码支付测试',
  device_info: '1000',
  nonce_str: '8aaee146b1dee7cec9100add9b96cbe2',
  out_trade_no: '1415757673',
  spbill_create_ip: '14.17.22.52',
  total_fee: '1',
  sign_type: 'HMAC-SHA256',
};
const answer = (out_trade_no) => ({
  return_code: 'SUCCESS',
  return_msg: 'OK',
  ...merchant,
  device_info: '1000',
  nonce_str: nonce(),
  result_code: 'SUCCESS',
  openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
  is_subscribe: 'Y',
  trade_type: 'MICROPAY',
  trade_state: 'SUCCESS',
  bank_type: 'CCB_DEBIT',
  total_fee: '1',
  coupon_fee: '0',
  fee_type: 'CNY',
  transaction_id: '1008450740201411110005820873',
  out_trade_no,
  attach: '订单额外描述',
  time_end: '20141111170043',
});
// As the vendor's gateway writes: CDATA, a line for each field.
function written(fields, sign_type = 'HMAC-SHA256') {
  const signed = { ...fields, sign: sign(fields, key, sign_type) };
  const lines = Object.entries(signed).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return Buffer.from(`<xml>${lines.join('\n')}\n</xml>`);
}
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

/** Microseconds a call, `atOnce` of them in flight. */
async function time(call, calls, atOnce = 1) {
  const start = performance.now();
  for (let done = 0; done < calls; done += atOnce)
    if (atOnce === 1) await call();
    else await Promise.all(Array.from({ length: atOnce }, call));
  return ((performance.now() - start) * 1000) / calls;
}

// ── a whole signed call over loopback TLS: an orderquery, which each of the three sends over kept connections ──

const certificates = certificatesFor(merchant.mch_id);
const server = https.createServer({ ...certificates.server }, (incoming, outgoing) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    const fields = parseXml(Buffer.concat(chunks));
    outgoing.end(written(answer(fields.out_trade_no), fields.sign_type ?? 'MD5'));
  });
});
// Else a peer's round can end on a connection that the server closes for having been idle through the others'.
server.keepAliveTimeout = 600_000;
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `https://localhost:${server.address().port}`;

const client = new PayClient({ ...merchant, key, ca: certificates.ca, endpoints: { pay: origin, face: origin } });
const plugin = new Wechatpay({
  mchid: merchant.mch_id,
  serial: '01',
  privateKey: certificates.client.key,
  certs: { '02': certificates.server.cert },
  secret: key,
  baseURL: `${origin}/`,
  httpsAgent: new https.Agent({ keepAlive: true, ca: certificates.ca }),
});
const tenpayAgent = new https.Agent({ keepAlive: true, ca: certificates.ca });
const urllib = require('urllib');
let number = 0;
const whole = {
  'wxpay-face': () => client.orderquery({ out_trade_no: `T${++number}` }),
  'wechatpay-axios-plugin': () =>
    plugin.v2.pay.orderquery({
      ...merchant,
      sign_type: 'HMAC-SHA256',
      out_trade_no: `T${++number}`,
    }),
  // tenpay has no way to another host, so its own steps around its own HTTP library.
  tenpay: async () => {
    const fields = {
      ...merchant,
      nonce_str: tenpayXml.generate(),
      sign_type: 'HMAC-SHA256',
      out_trade_no: `T${++number}`,
    };
    fields.sign = tenpay._getSign(fields, 'HMAC-SHA256');
    const { data } = await urllib.request(`${origin}/pay/orderquery`, {
      method: 'POST',
      dataType: 'text',
      data: tenpayXml.buildXML(fields),
      timeout: [5000, 15000],
      httpsAgent: tenpayAgent,
    });
    return tenpay._parse(data, 'orderquery', 'HMAC-SHA256');
  },
};

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
const note = (row, peer, value) => {
  measured[row][peer] ??= [];
  measured[row][peer].push(value);
};
for (let round = -1; round < rounds; round++)
  for (const peer of [...peers, 'floor']) {
    const rows = [['exchange', await time(exchange[peer], 1500)]];
    if (peer !== 'floor') {
      rows.push(['one', await time(whole[peer], 1000)], ['many', await time(whole[peer], 1920, 64)]);
      const [imported, required] = loads[peer].map(load);
      rows.push(['importTime', imported[0]], ['importMemory', imported[1]]);
      rows.push(['requireTime', required[0]], ['requireMemory', required[1]]);
    }
    // The first round warms up.
    if (round >= 0) for (const [row, value] of rows) note(row, peer, value);
  }
client.close();
tenpayAgent.destroy();
server.closeAllConnections();
server.close();

const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => sorted(list)[Math.floor(list.length / 2)];
const show = (value) => (value === undefined ? '–' : value >= 100 ? value.toFixed(0) : value.toPrecision(3));
function ratio(row, peer) {
  const list = measured[row][peer];
  if (list === undefined) return '–';
  const ratios = sorted(measured[row]['wxpay-face'].map((ours, round) => ours / list[round]));
  return `${median(ratios).toFixed(2)} (${ratios[0].toFixed(2)}–${ratios.at(-1).toFixed(2)})`;
}
const head = ['', ...peers, '÷ axios-plugin', '÷ tenpay', '÷ bare hash'];
const lines = Object.entries(names).map(([row, name]) => [
  name,
  ...peers.map((peer) => show(median(measured[row][peer]))),
  ratio(row, peers[1]),
  ratio(row, peers[2]),
  ratio(row, 'floor'),
]);
const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const versions = peers.slice(1).map((peer) => `${peer} ${require(`${peer}/package.json`).version}`);
const section = `## Payment client

\`npm run bench:pay\` makes this section.

Node.js ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${versions.join(', ')}; ${rounds} rounds, median (ratios: with lowest and
highest). A ratio below 1 means that wxpay-face is quicker or smaller. The call is an orderquery with HMAC-SHA256 over kept
connections. Loading counts all of wxpay-face, the terminal's half included. The bare hash is the two HMACs over texts joined
beforehand.

${table}
`;
console.log(section);
const file = `${root}docs/benchmarks.md`;
const text = existsSync(file) ? readFileSync(file, 'utf8') : '# Benchmarks\n';
const [begin, end] = ['<!-- pay:begin -->', '<!-- pay:end -->'];
const block = `${begin}\n${section}${end}`;
const marked = new RegExp(`${begin}[\\s\\S]*${end}`);
writeFileSync(file, marked.test(text) ? text.replace(marked, () => block) : `${text.trimEnd()}\n\n${block}\n`);
