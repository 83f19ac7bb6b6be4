// Writes docs/error-codes.md from the catalogue in lib/pay/error-codes.ts; with --check tells only whether it's current.
// The compiled catalogue may be named; default: that of "npm run compile".
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const states = { failed: 'failed · 支付确认失败', unknown: 'unknown · 支付结果未知' };
const cell = (text) => text.replaceAll('|', '\\|');

function table(rows) {
  const withState = rows.some((row) => row.payment !== undefined);
  const head = ['err_code', ...(withState ? ['Payment'] : []), 'Meaning', 'Reason', 'What to do'];
  const lines = rows.map(({ err_code, payment, zh, en }) => [
    `\`${err_code}\``,
    ...(withState ? [states[payment]] : []),
    ...['description', 'reason', 'solution'].map((column) => `${cell(zh[column])}<br>${cell(en[column])}`),
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function page({ paymentErrorCodes, queryErrorCodes, reverseErrorCodes, reportedErrorCodes }) {
  return `# Error codes · 错误码

Generated from \`lib/pay/error-codes.ts\` by \`npm run docs:error-codes\`. The Chinese is the vendor's own, for the cashier; the
English renders it. In a program: \`paymentErrorCodes\`, \`queryErrorCodes\` and \`reverseErrorCodes\`, by \`err_code\`.

An \`err_code\` that isn't listed means *unknown*. Unknown is not failed: query the order, then reverse it. The vendor's guide also
says that a failed payment can in extreme cases have charged the customer; \`PaymentProcessor\` therefore confirms each one by a
query.

## micropay, facepay

${table(Object.values(paymentErrorCodes))}

Not in the vendor's table, but reported (the words are ours):

${table(Object.values(reportedErrorCodes))}

## orderquery, facepayquery

${table(Object.values(queryErrorCodes))}

## reverse, facepayreverse

${table(Object.values(reverseErrorCodes))}
`;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const [catalogue = resolve(root, 'build/js/lib/pay/error-codes.js')] = argv
  .slice(2)
  .filter((word) => word !== '--check');
const file = resolve(root, 'docs/error-codes.md');
const text = page(await import(pathToFileURL(catalogue).href));

if (!argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== text) {
  console.error('docs/error-codes.md is out of date: npm run docs:error-codes');
  exit(1);
}
