// Coverage-guided fuzzing of what reads the gateway's messages of both APIs, refund notices and bills, by jsfuzz (jazzer.js needs a compiler of its own to install).
//   npm run fuzz:pay -- [--seconds 60]
// New inputs are kept in build/fuzz-pay/corpus; one that breaks is written to build/fuzz-pay/crash-….
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'tsup';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = fileURLToPath(new URL('../../../build/fuzz-pay/', import.meta.url));
const corpus = `${folder}corpus`;

if (!existsSync(`${here}node_modules`))
  execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: here, stdio: 'inherit' });
mkdirSync(corpus, { recursive: true });
const seeds = [
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><total_fee>1</total_fee><sign>AB</sign></xml>',
  '<?xml version="1.0"?>\n<xml>\r\n<a>&lt;&#65;&#x5fae;<![CDATA[ ]]]]><![CDATA[> ]]></a><b/></xml>',
  '<root><out_refund_no>R1</out_refund_no><out_trade_no>S1</out_trade_no><refund_id>5</refund_id><total_fee>2</total_fee><refund_fee>1</refund_fee><refund_status>SUCCESS</refund_status></root>',
  '交易时间,商户号,微信订单号,商户订单号,交易类型,交易状态,应结订单金额,微信退款单号,申请退款金额,订单金额,手续费\r\n`2024-11-23 10:15:30,`1,`42,`S1,`FACE,`SUCCESS,`1.00,`0,`0.00,`1.00,`0.00600\r\n总交易单数,订单总金额,手续费总金额\r\n`1,`1.00,`0.00600\r\n',
  '记账时间,微信支付业务单号,业务类型,收支类型,收支金额（元）\n`2024-11-23 10:15:30,`42,`交易,`收入,`1.00\n资金流水总笔数,收入笔数,收入金额\n`1.0,`1.0,`1.00\n',
  '{"appid":"wxd930ea5d5a258f4f","mchid":"1900000109","out_trade_no":"A-0001","transaction_id":"42","trade_state":"SUCCESS","success_time":"2024-05-06T23:59:59+08:00","amount":{"total":100,"payer_total":90},"payer":{"openid":"o"}}',
  '{"refund_id":"50","out_refund_no":"R-0001","transaction_id":"42","out_trade_no":"A-0001","status":"PROCESSING","amount":{"total":100,"refund":40}}',
  '{"code":"ORDER_NOT_EXIST","message":"none"}',
  '<!DOCTYPE x [<!ENTITY a "b">]><xml><a b="c">&a;</a><!-- d --></xml>',
];
for (const [index, seed] of seeds.entries()) writeFileSync(`${corpus}/seed-${index}`, seed);

// jsfuzz instruments CommonJS: the target becomes one file with all that it uses.
await build({
  entry: { target: `${here}target.ts` },
  format: 'cjs',
  outDir: folder,
  noExternal: [/./],
  config: false,
  silent: true,
});
const fuzzer = spawn(process.execPath, [`${here}node_modules/jsfuzz/build/src/index.js`, 'target.cjs', 'corpus'], {
  cwd: folder,
  stdio: 'inherit',
});
const known = readdirSync(folder).filter((name) => name.startsWith('crash-')).length;
let ended = false;
setTimeout(() => {
  ended = true;
  fuzzer.kill();
}, Number(values.seconds) * 1000).unref();
fuzzer.on('exit', () => {
  const crashes = readdirSync(folder).filter((name) => name.startsWith('crash-')).length - known;
  console.log(crashes > 0 ? `${crashes} input(s) broke it: see build/fuzz-pay` : 'Nothing broke it.');
  exit(crashes === 0 && ended ? 0 : 1);
});
