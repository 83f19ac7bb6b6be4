import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  type Description,
  InvalidParameterError,
  type Language,
  OrderExistsError,
  type PaymentOutcome,
  type RefundOutcome,
  describe as tell,
} from '../../lib/index.js';
import { yuan } from '../../lib/words/amount.js';
import { en } from '../../lib/words/outcomes/en.js';
import { zh } from '../../lib/words/outcomes/zh.js';
import { codes, otherCodes, out_refund_no, out_trade_no, outcomes, thrown } from './cases.js';

const languages: readonly Language[] = ['zh', 'en'];
const tables = { zh, en };

/** Everything, each once: a name, and what is told. */
const told = (language: Language, cases = [...outcomes, ...thrown, ...codes]): Array<readonly [string, Description]> =>
  cases.map(({ name, what }) => [name, tell(what, language)]);

/** What may be told alike, and why. */
const alike = [
  { names: ['AUTH_CODE_INVALID', 'a wrong scan'], why: 'one mistake, noticed by the gateway or by the till before' },
];

const sentencesOf = ({ title, text, advice }: Description): string[] => [title, text, advice];

/** Without what is put in: amounts and numbers. */
const withoutValues = (sentence: string): string =>
  sentence
    .replaceAll(out_trade_no, '')
    .replaceAll(out_refund_no, '')
    .replace(/¥[\d,]+\.\d\d(?!\d)/g, '');

/** Without what is added of the sale. */
const withoutNotes = (sentence: string): string =>
  withoutValues(sentence)
    .replace(/(?:订单号|退款单号|退款金额)：。/g, '')
    .replace(/ ?(?:Order number|Refund number|Refund): \./g, '');

/** Of those told, the names of those with a sentence that a rule finds wrong. */
const wrong = (language: Language, isWrong: (sentence: string) => boolean): string[] =>
  told(language)
    .filter(([, description]) => sentencesOf(description).some((each) => isWrong(withoutValues(each))))
    .map(([name]) => name);

const paid: PaymentOutcome = {
  status: 'paid',
  out_trade_no,
  transaction_id: '4200002468202411230000000001',
  total_fee: 123_450,
  response: {},
};
const refunded: RefundOutcome = {
  kind: 'refund',
  status: 'refunded',
  out_trade_no,
  out_refund_no,
  refund_fee: 500,
  refund_id: '50',
};

for (const language of languages)
  describe(`the cashier's words (${language})`, () => {
    const unknown = tell(undefined, language);

    it('exist for every outcome, error and code', () => {
      const gaps = told(language, [...outcomes, ...thrown, ...codes, ...otherCodes]).filter(
        ([, { title, text, advice }]) => title === unknown.title || [title, text, advice].includes(''),
      );
      expect(gaps.map(([name]) => name)).to.deep.equal([]);
    });

    it('are the same for no two of them, nor for a known and an unknown one', () => {
      const unlisted = [
        ...['failed', 'attention'].map((status) => ({ status, code: 'new' })),
        ...['reversed', 'reversing'].map((status) => ({ status, why: 'new' })),
        { status: 'cancelled', by: 'new' },
        { status: 'declined', err_code: 'NEW' },
        ...['failed', 'attention'].map((status) => ({ kind: 'refund', status, code: 'new' })),
        { kind: 'refund', status: 'refused', err_code: 'NEW' },
        { code: 'ERR_REFUND', rule: 'new' },
        { code: 'NEW' },
      ].map((what) => [JSON.stringify(what), tell(what, language)] as const);
      const scan = new InvalidParameterError('auth_code', 'is a payment code of another wallet');
      const names = new Map<string, string[]>();
      for (const [name, description] of [
        ...told(language),
        ...unlisted,
        ['a wrong scan', tell(scan, language)] as const,
      ]) {
        const words = sentencesOf(description).slice(1).map(withoutNotes).join('\n');
        names.set(words, [...(names.get(words) ?? []), name]);
      }
      expect([...names.values()].filter(({ length }) => length > 1)).to.deep.equal(alike.map(({ names }) => names));
    });

    it('let the goods go for what is paid, and for nothing else', () => {
      const handedOver = told(language, [...outcomes, ...thrown, ...codes, ...otherCodes]).filter(
        ([, { handOver }]) => handOver,
      );
      expect(handedOver.map(([name]) => name)).to.deep.equal(['paid']);
      for (const { name, what } of outcomes)
        expect(tell({ ...what, kind: 'refund' }, language).handOver, name).to.equal(false);
    });

    it('name the amount and the number of the order', () => {
      expect(tell(paid, language).text).to.include('¥1,234.50').and.to.include(out_trade_no);
      expect(tell(refunded, language).text)
        .to.include('¥5.00')
        .and.to.include(out_trade_no)
        .and.to.include(out_refund_no);
      for (const { name, what } of outcomes) expect(tell(what, language).text, name).to.include(out_trade_no);
      expect(tell(new OrderExistsError(out_trade_no), language).text).to.include(out_trade_no);
    });

    it('name a number once if sale and refund have the same', () => {
      const { text } = tell({ ...refunded, out_refund_no: out_trade_no }, language);
      expect(text.split(out_trade_no)).to.have.length(2);
    });

    it('are the same for what has crossed the wire as JSON', () => {
      for (const { name, what } of outcomes)
        expect(tell(JSON.parse(JSON.stringify(what)), language), name).to.deep.equal(tell(what, language));
    });

    it('take an error by its code, also if it has a number for a status', () => {
      const error = Object.assign(new Error('409'), { status: 409, code: 'ERR_ORDER_EXISTS' });
      expect(tell(error, language)).to.deep.equal(tell({ code: 'ERR_ORDER_EXISTS' }, language));
    });

    it('promise nothing for what nobody can know', () => {
      const strange: unknown[] = [
        ...[undefined, null, true, 0, 1n, '', 'paid', Symbol('paid'), () => 'paid', [], ['paid'], {}, new Map()],
        ...[new Error('paid'), new DOMException('The operation was aborted', 'AbortError'), new TypeError('x')],
        ...[{ status: 'paid' }, { status: 'success' }, { status: 'unlisted' }, { status: 'constructor' }],
        ...[{ status: 'undecided', out_trade_no }, { status: 202 }, { status: ['paid'] }, { phase: 'finished' }],
        ...[{ code: 'unlisted' }, { code: 'toString' }, { code: '__proto__' }, { code: 'SUCCESS' }, { code: 200 }],
        ...[{ code: 'ECONNREFUSED' }, { code: 'paid' }, { ...paid, kind: 'refund' }, { ...paid, kind: 'deposit' }],
        ...[0, -1, -123_450, 12.5, Number.NaN, Number.POSITIVE_INFINITY, '123450', null].map((total_fee) => ({
          ...paid,
          total_fee,
        })),
        { ...refunded, kind: undefined },
        Object.defineProperty({}, 'status', {
          enumerable: true,
          get: () => {
            throw new Error('a trap');
          },
        }),
        Proxy.revocable({}, {}).proxy,
      ];
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      for (const what of [...strange, proxy]) expect(tell(what, language)).to.deep.equal(unknown);
      expect(unknown.handOver).to.equal(false);
    });

    it('repeat nothing else of what they are given', () => {
      const secret = 'S3CRET';
      const hostile = [...outcomes, ...thrown, ...codes].map(({ what }) => ({
        code: secret,
        err_code: secret,
        why: secret,
        by: secret,
        trouble: secret,
        ...what,
        err_code_des: secret,
        reason: secret,
        message: secret,
        return_msg: secret,
        openid: secret,
        out_trade_no: `${secret}<script>`,
        out_refund_no: `订单${secret}`,
        transaction_id: secret,
        to: secret,
      }));
      for (const what of hostile) expect(JSON.stringify(tell(what, language))).to.not.include(secret);
      for (const number of ['', 'A B', 'A\n', '"A"', '１２３', 'A'.repeat(65), 7, null, { toString: () => 'A' }]) {
        const { text } = tell({ ...paid, out_trade_no: number }, language);
        expect(text).to.equal(tell({ ...paid, out_trade_no: undefined }, language).text);
      }
    });

    it("leave a refund's amount out if there is no such amount", () => {
      for (const refund_fee of [-5, 0.5, Number.NaN, '500', undefined])
        expect(tell({ ...refunded, refund_fee }, language).text).to.not.match(/¥|NaN|undefined/);
    });

    it('give a description of its own to whoever asks', () => {
      const first = tell(paid, language);
      first.text = '';
      expect(tell(paid, language).text).to.not.equal('');
    });
  });

describe("the cashier's words in Chinese", () => {
  it('have no Latin word, and no digits but those of amounts and numbers', () => {
    expect(wrong('zh', (sentence) => /[A-Za-z\d\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/.test(sentence))).to.deep.equal(
      [],
    );
  });

  it('have full-width punctuation, and end with it', () => {
    expect(wrong('zh', (sentence) => /[ -/:-@[-`{-~]/.test(sentence))).to.deep.equal([]);
    const unended = told('zh').filter(
      ([, { text, advice }]) => ![text, advice].every((each) => /[。！？”]$/.test(each)),
    );
    expect(unended.map(([name]) => name)).to.deep.equal([]);
  });

  it("fit on a till's display", () => {
    const isTooLong = ({ title, text, advice }: Description) =>
      title.length > 12 || withoutValues(text).length > 70 || advice.length > 70;
    expect(told('zh').filter(([, description]) => isTooLong(description))).to.deep.equal([]);
  });

  it('keep what the vendor wants a cashier to read', () => {
    const words = (code: string): string =>
      sentencesOf(tell({ status: 'declined', err_code: code, out_trade_no }, 'zh')).join('');
    expect(words('NOTENOUGH')).to.match(/余额不足.*提示顾客换卡支付.*重新扫码/s);
    expect(words('NOTSUPORTCARD')).to.match(/该卡不支持当前支付，请提示顾客换卡支付或绑新卡支付/);
    expect(words('AUTHCODEEXPIRE')).to.match(/二维码已过期，请顾客在微信上刷新后再试.*重新扫码/s);
    expect(words('AUTH_CODE_INVALID')).to.match(/不是微信支付的付款码/);
    expect(words('AUTH_CODE_ERROR')).to.match(/仅限使用一次.*刷新/s);
  });
});

describe("the cashier's words in English", () => {
  it('are English', () => {
    expect(wrong('en', (sentence) => /[^\x20-\x7e]/.test(sentence))).to.deep.equal([]);
  });

  it('end with a full stop, or with what is to be told to the customer', () => {
    const unended = told('en').filter(([, { text, advice }]) => ![text, advice].every((each) => /\.$|\."$/.test(each)));
    expect(unended.map(([name]) => name)).to.deep.equal([]);
  });

  it("fit on a till's display", () => {
    const isTooLong = ({ title, text, advice }: Description) =>
      title.length > 32 || withoutValues(text).length > 200 || advice.length > 220;
    expect(told('en').filter(([, description]) => isTooLong(description))).to.deep.equal([]);
  });
});

describe("the cashier's words in both languages", () => {
  const amounts = ({ text }: Description): string[] => text.match(/¥[\d,]+\.\d\d/g) ?? [];

  it('have the same amounts, and let the same goods go', () => {
    for (const { name, what } of [...outcomes, ...thrown, ...codes]) {
      const [chinese, english] = [tell(what, 'zh'), tell(what, 'en')];
      expect(amounts(english), name).to.deep.equal(amounts(chinese));
      expect(english.handOver, name).to.equal(chinese.handOver);
    }
  });

  it('quote what is to be told to the customer in the same places', () => {
    const differ = [...outcomes, ...thrown, ...codes].filter(
      ({ what }) => tell(what, 'zh').advice.includes('“') !== tell(what, 'en').advice.includes('"'),
    );
    expect(differ.map(({ name }) => name)).to.deep.equal([]);
  });

  it('come without the code of other rooms, so that they can also be said in a browser', () => {
    const words = fileURLToPath(new URL('../../lib/words/', import.meta.url));
    const files = readdirSync(words, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    const imported = files
      .filter((name) => name === 'describe.js' || name.startsWith('outcomes'))
      .flatMap((name) =>
        [...readFileSync(join(words, name), 'utf8').matchAll(/from '(.*)'/g)].map(([, path = '']) =>
          relative(words, resolve(words, dirname(name), path)),
        ),
      );
    expect(imported).to.include(join('outcomes', 'zh.js'));
    expect(new Set(imported.filter((path) => path.startsWith('..')))).to.deep.equal(
      new Set([join('..', 'unknown.js')]),
    );
  });

  it('are tables of the same codes', () => {
    const keysOf = (table: object): unknown =>
      Object.fromEntries(
        Object.entries(table).map(([key, value]) => [key, typeof value === 'object' ? keysOf(value) : 0]),
      );
    expect(keysOf(tables.en)).to.deep.equal(keysOf(tables.zh));
  });
});

describe('an amount for people', () => {
  it('has thousands set apart and two places', () => {
    const amounts = [1, 10, 100, 99_999, 100_000, 123_450, 100_000_000, Number.MAX_SAFE_INTEGER, 1e21];
    expect(amounts.map(yuan)).to.deep.equal([
      ...['¥0.01', '¥0.10', '¥1.00', '¥999.99', '¥1,000.00', '¥1,234.50', '¥1,000,000.00'],
      ...['¥90,071,992,547,409.91', '¥10,000,000,000,000,000,000.00'],
    ]);
  });
});
