import * as catalogue from '../../lib/pay/error-codes.js';
import { code, type Language, table, type Words } from './languages.js';

const states = {
  failed: { en: 'failed · 支付确认失败', zh: '支付确认失败' },
  unknown: { en: 'unknown · 支付结果未知', zh: '支付结果未知' },
} as const satisfies Record<catalogue.PaymentErrorCode['payment'], Words>;

const heads = {
  payment: { en: 'Payment', zh: '支付' },
  description: { en: 'Meaning', zh: '含义' },
  reason: { en: 'Reason', zh: '原因' },
  solution: { en: 'What to do', zh: '怎么办' },
} as const satisfies Record<string, Words>;

const columns = ['description', 'reason', 'solution'] as const;

/** The vendor types half-width marks between Chinese characters. */
const fullWidth: Readonly<Record<string, string>> = { ',': '，', ':': '：', ';': '；' };
const typeset = (text: string): string =>
  text.replace(/(?<=[\p{Script=Han}”])[,:;]|[,:;](?=[\p{Script=Han}“])/gu, (mark) => fullWidth[mark] ?? mark);

type Row = catalogue.VendorErrorCode & Partial<Pick<catalogue.PaymentErrorCode, 'payment'>>;

function codeTable(rows: readonly Row[], language: Language): string {
  const withState = rows.some(({ payment }) => payment !== undefined);
  const head = [...(withState ? [heads.payment] : []), ...columns.map((column) => heads[column])];
  return table(
    ['err_code', ...head.map((words) => words[language])],
    rows.map(({ err_code, payment, zh, en }) => [
      code(err_code),
      ...(payment === undefined ? [] : [states[payment][language]]),
      ...columns.map((column) => (language === 'zh' ? typeset(zh[column]) : `${zh[column]}<br>${en[column]}`)),
    ]),
  );
}

const texts = {
  intro: {
    en: `# Error codes

Generated from \`lib/pay/error-codes.ts\` by \`npm run docs:error-codes\`. The Chinese is the vendor's own, for the cashier; the
English renders it. In a program: \`paymentErrorCodes\`, \`queryErrorCodes\` and \`reverseErrorCodes\`, by \`err_code\`.

An \`err_code\` that isn't listed means *unknown*. Unknown is not failed: query the order, then reverse it. The vendor's guide also
says that a failed payment can in extreme cases have charged the customer; \`PaymentProcessor\` therefore confirms each one by a
query.`,
    zh: `# 错误码

由 \`npm run docs:error-codes\` 根据 \`lib/pay/error-codes.ts\` 生成。文字出自微信文档，供收银员看，这里只把标点改为全角。在程序里按 \`err_code\` 取用：
\`paymentErrorCodes\`、\`queryErrorCodes\` 和 \`reverseErrorCodes\`。

没有列出的 \`err_code\` 意味着**未知**。未知不等于失败：先查询订单，再撤销。微信的指引还写明，支付失败在极端情况下也可能已经扣款；所以
\`PaymentProcessor\` 对每一次失败都用查询确认。`,
  },
  reported: {
    en: "Not in the vendor's table, but reported (the words are ours):",
    zh: '微信的表里没有，但有人报告过（文字是我们写的）：',
  },
} as const satisfies Record<string, Words>;

/** docs/error-codes.md, and in Chinese. */
export function errorCodesPage(language: Language): string {
  const { paymentErrorCodes, reportedErrorCodes, queryErrorCodes, reverseErrorCodes } = catalogue;
  const calls = (names: readonly string[]): string => names.join(language === 'en' ? ', ' : '、');
  const rowsOf = (codes: Readonly<Record<string, Row>>): string => codeTable(Object.values(codes), language);
  return `${texts.intro[language]}

## ${calls(['micropay', 'facepay'])}

${rowsOf(paymentErrorCodes)}

${texts.reported[language]}

${rowsOf(reportedErrorCodes)}

## ${calls(['orderquery', 'facepayquery'])}

${rowsOf(queryErrorCodes)}

## ${calls(['reverse', 'facepayreverse'])}

${rowsOf(reverseErrorCodes)}
`;
}
