// Writes docs/words.md, all that a cashier is told, from the tables of lib/words/outcomes; with --check tells only whether it's
// current. The compiled tables may be named by their folder; default: that of "npm run compile".
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const amount = '¥1,234.50';
const said = ({ title, text, advice }) => [title && `**${title}**`, text, advice].filter(Boolean).join('<br>');

/** A row for each code; both tables have the same ones. */
function table(zh, en) {
  const rows = Object.keys(zh).map((code) => [
    code === 'unlisted' ? 'any other · 其他' : `\`${code}\``,
    said(zh[code]),
    said(en[code]),
  ]);
  return [['Code · 代码', '中文', 'English'], ['---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** By what is told: the table of a language that says so. */
const sections = [
  ['Payments · 支付', ({ payment }) => ({ paid: payment.paid(amount), scan: payment.scan })],
  ['cancelled, `by`', ({ payment }) => payment.cancelled],
  ['failed, `code`', ({ payment }) => payment.failed],
  ['reversing, `why`', ({ payment }) => payment.reversing],
  ['reversed, `why`', ({ payment }) => payment.reversed],
  ['attention, `code`', ({ payment }) => payment.attention],
  ['declined, `err_code`; and codes alone', ({ codes }) => codes],
  ['Refunds · 退款', ({ refund }) => ({ refunded: refund.refunded })],
  ['processing, `accepted`', ({ refund }) => ({ true: refund.accepted, false: refund.sending })],
  ['Refund refused, `err_code`', ({ refund }) => refund.refused],
  ['Refund failed, `code`', ({ refund }) => refund.failed],
  ['Refund attention, `code`', ({ refund }) => refund.attention],
  ['Errors · 错误', ({ errors }) => errors.codes],
  ['ERR_PAY_TRANSPORT, `sent`', ({ errors }) => ({ true: errors.transport.sent, false: errors.transport['not-sent'] })],
  ['ERR_REFUND, `rule`', ({ errors }) => errors.refund],
  ['Anything else · 其他一切', ({ unknown }) => ({ unlisted: unknown })],
  ['Added for a `trouble` · 附加：故障', ({ addition }) => addition.trouble],
];

const page = (zh, en) => `# What a cashier is told · 给收银员看的话

Generated from \`lib/words/outcomes/\` by \`npm run docs:words\`. \`describe(what, language)\` gives title, text and advice, which
stand in each cell in this order. To the text it adds the order's number, of a refund also its amount and its own number if that is
another; to a decline "${en.addition.declined}", and to a refused refund "${en.addition.refused}" The goods may go (\`handOver\`) for
\`paid\`, and for nothing else.

本页由 \`npm run docs:words\` 根据 \`lib/words/outcomes/\` 生成。\`describe(what, language)\` 返回标题、正文和建议，每格按这个顺序列出。
正文后面会加上订单号；退款还会加上退款金额，退款单号与订单号不同时也会加上。付款被拒绝时加上“${zh.addition.declined}”，退款被拒绝时
加上“${zh.addition.refused}”这一句。只有 \`paid\` 可以交付商品（\`handOver\`）。

${sections.map(([head, of]) => `## ${head}\n\n${table(of(zh), of(en))}`).join('\n\n')}
`;

const root = fileURLToPath(new URL('../../', import.meta.url));
const [folder = resolve(root, 'build/js/lib/words/outcomes')] = argv.slice(2).filter((word) => word !== '--check');
const load = async (name) => import(pathToFileURL(resolve(folder, name)).href);
const [{ zh }, { en }] = await Promise.all([load('zh.js'), load('en.js')]);
const file = resolve(root, 'docs/words.md');
const text = page(zh, en);

if (!argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== text) {
  console.error('docs/words.md is out of date: npm run docs:words');
  exit(1);
}
