import { en } from '../../lib/words/outcomes/en.js';
import type { OutcomeWords, Sentences } from '../../lib/words/outcomes/words.js';
import { zh } from '../../lib/words/outcomes/zh.js';
import { code, type Language, table, type Words } from './languages.js';

const amount = '¥1,234.50';

/** What is added has no title. */
type Said = Omit<Sentences, 'title'> & Partial<Pick<Sentences, 'title'>>;

const cellOf = ({ title, text, advice }: Said): string =>
  [...(title === undefined ? [] : [`**${title}**`]), text, advice].join('<br>');

interface Section {
  readonly head: Words;
  /** By code; the same ones in both languages. */
  readonly of: (words: OutcomeWords) => Readonly<Record<string, Said>>;
}

const sections: readonly Section[] = [
  {
    head: { en: 'Payments', zh: '支付' },
    of: ({ payment }) => ({ paid: payment.paid(amount), scan: payment.scan }),
  },
  { head: { en: 'cancelled, `by`', zh: 'cancelled 的 `by`' }, of: ({ payment }) => payment.cancelled },
  { head: { en: 'failed, `code`', zh: 'failed 的 `code`' }, of: ({ payment }) => payment.failed },
  { head: { en: 'reversing, `why`', zh: 'reversing 的 `why`' }, of: ({ payment }) => payment.reversing },
  { head: { en: 'reversed, `why`', zh: 'reversed 的 `why`' }, of: ({ payment }) => payment.reversed },
  { head: { en: 'attention, `code`', zh: 'attention 的 `code`' }, of: ({ payment }) => payment.attention },
  {
    head: { en: 'declined, `err_code`; and codes alone', zh: 'declined 的 `err_code`，以及单独的代码' },
    of: ({ codes }) => codes,
  },
  { head: { en: 'Refunds', zh: '退款' }, of: ({ refund }) => ({ refunded: refund.refunded }) },
  {
    head: { en: 'processing, `accepted`', zh: 'processing 的 `accepted`' },
    of: ({ refund }) => ({ true: refund.accepted, false: refund.sending }),
  },
  { head: { en: 'Refund refused, `err_code`', zh: '退款 refused 的 `err_code`' }, of: ({ refund }) => refund.refused },
  { head: { en: 'Refund failed, `code`', zh: '退款 failed 的 `code`' }, of: ({ refund }) => refund.failed },
  { head: { en: 'Refund attention, `code`', zh: '退款 attention 的 `code`' }, of: ({ refund }) => refund.attention },
  { head: { en: 'Errors', zh: '错误' }, of: ({ errors }) => errors.codes },
  {
    head: { en: 'ERR_PAY_TRANSPORT, `sent`', zh: 'ERR_PAY_TRANSPORT 的 `sent`' },
    of: ({ errors }) => ({ true: errors.transport.sent, false: errors.transport['not-sent'] }),
  },
  {
    head: { en: 'ERR_INVALID_PARAMETER, `parameter`', zh: 'ERR_INVALID_PARAMETER 的 `parameter`' },
    of: ({ errors }) => ({ token: errors.token }),
  },
  { head: { en: 'ERR_REFUND, `rule`', zh: 'ERR_REFUND 的 `rule`' }, of: ({ errors }) => errors.refund },
  { head: { en: 'Anything else', zh: '其他一切' }, of: ({ unknown }) => ({ unlisted: unknown }) },
  { head: { en: 'Added for a `trouble`', zh: '为 `trouble` 附加的' }, of: ({ addition }) => addition.trouble },
];

const intro: Words = {
  en: `# What a cashier is told

Generated from \`lib/words/outcomes/\` by \`npm run docs:words\`. \`describe(what, language)\` gives title, text and advice, which
stand in each cell in this order. To the text it adds the order's number, of a refund also its amount and its own number if that is
another; to a decline "${en.addition.declined}", and to a refused refund "${en.addition.refused}" The goods may go (\`handOver\`) for
\`paid\`, and for nothing else.`,
  zh: `# 给收银员看的话

由 \`npm run docs:words\` 根据 \`lib/words/outcomes/\` 生成。\`describe(what, language)\` 返回标题、说明和建议，每格按这个顺序列出。
说明后面会加上订单号；退款还会加上退款金额，退款单号与订单号不同时也会加上。支付被拒绝时加上“${zh.addition.declined}”，退款被拒绝时
加上“${zh.addition.refused}”这一句。只有 \`paid\` 可以交货（\`handOver\`）。`,
};

const texts = {
  code: { en: 'Code', zh: '代码' },
  words: { en: 'What the cashier reads', zh: '收银员看到的话' },
  other: { en: 'any other', zh: '其他' },
} as const satisfies Record<string, Words>;

/** docs/words.md, and in Chinese. */
export function wordsPage(language: Language): string {
  const words = { en, zh }[language];
  const parts = sections.map(({ head, of }) => {
    const rows = Object.entries(of(words)).map(([name, said]) => [
      name === 'unlisted' ? texts.other[language] : code(name),
      cellOf(said),
    ]);
    return `## ${head[language]}\n\n${table([texts.code[language], texts.words[language]], rows)}`;
  });
  return `${[intro[language], ...parts].join('\n\n')}\n`;
}
