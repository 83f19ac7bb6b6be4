import type { RefundOutcome } from '../payment/decision/refund/outcomes.js';
import type { FacePayOutcome } from '../terminal/face-pay.js';
import { type Fields, isFields, isString } from '../unknown.js';
import { yuan } from './amount.js';
import type { Language } from './language.js';
import { en } from './outcomes/en.js';
import type { OutcomeWords, Sentences, Table } from './outcomes/words.js';
import { zh } from './outcomes/zh.js';

/** What a cashier is told. */
export interface Description {
  /** What happened, in a few words: at most 12 Chinese characters, or 32 Latin ones. */
  title: string;
  /** What is known: of the money, the amount, the order's number. */
  text: string;
  /** What to do, and what to tell the customer. */
  advice: string;
  /** Whether the goods may be handed over: only for what is paid. */
  handOver: boolean;
}

type OutcomeSentences = Sentences & { readonly handOver?: true };
/** @returns Undefined if it isn't what its status says. */
type Teller = (outcome: Fields, words: OutcomeWords) => OutcomeSentences | undefined;

const isListed = <Code extends string>(table: Readonly<Record<Code, unknown>>, code: unknown): code is Code =>
  isString(code) && code !== 'unlisted' && Object.hasOwn(table, code);

/** The sentences of a code; of one that this version doesn't know, what holds for all of them. */
const sentencesOf = <Code extends string>(table: Table<Code>, code: unknown): Sentences =>
  isListed<Code | 'unlisted'>(table, code) ? table[code] : table.unlisted;

const amountOf = (fen: unknown): string | undefined =>
  typeof fen === 'number' && Number.isInteger(fen) && fen > 0 ? yuan(fen) : undefined;

/** Of what comes after the first sentence, only what there is. */
const sequence = ({ addition }: OutcomeWords, ...sentences: Array<string | undefined>): string =>
  sentences.filter(isString).join(addition.space);

function hindered(sentences: Sentences, { trouble }: Fields, words: OutcomeWords): Sentences {
  const troubles = words.addition.trouble;
  if (!isListed(troubles, trouble)) return sentences;
  const { text, advice } = troubles[trouble];
  return {
    ...sentences,
    text: sequence(words, sentences.text, text),
    advice: sequence(words, sentences.advice, advice),
  };
}

function ended(sentences: Sentences, end: string, words: OutcomeWords): Sentences {
  return { ...sentences, text: sequence(words, sentences.text, end) };
}

const paymentTellers: Readonly<Record<FacePayOutcome['status'], Teller>> = {
  paid: ({ total_fee }, { payment }) => {
    const amount = amountOf(total_fee);
    return amount === undefined ? undefined : { ...payment.paid(amount), handOver: true };
  },
  declined: ({ err_code }, words) => ended(sentencesOf(words.codes, err_code), words.addition.declined, words),
  failed: ({ code }, { payment }) => sentencesOf(payment.failed, code),
  cancelled: ({ by }, { payment }) => sentencesOf(payment.cancelled, by),
  reversed: ({ why }, { payment }) => sentencesOf(payment.reversed, why),
  reversing: (outcome, words) => hindered(sentencesOf(words.payment.reversing, outcome.why), outcome, words),
  attention: ({ code }, { payment }) => sentencesOf(payment.attention, code),
  scan: (_, { payment }) => payment.scan,
};

const refundTellers: Readonly<Record<RefundOutcome['status'], Teller>> = {
  refunded: (_, { refund }) => refund.refunded,
  processing: (outcome, words) =>
    hindered(outcome.accepted === true ? words.refund.accepted : words.refund.sending, outcome, words),
  refused: ({ err_code }, words) => ended(sentencesOf(words.refund.refused, err_code), words.addition.refused, words),
  failed: ({ code }, { refund }) => sentencesOf(refund.failed, code),
  attention: ({ code }, { refund }) => sentencesOf(refund.attention, code),
};

/** What a terminal's token is called: of remoteMerchant, and of openTill. */
const tokens: ReadonlySet<string> = new Set(['token', 'merchant.token']);

/**
 * Of an error of this package, or of a code alone. If tables have the same code, the first one speaks: it leaves the
 * money in doubt.
 */
function codeTold({ code, sent, rule, parameter }: Fields, words: OutcomeWords): Sentences | undefined {
  if (code === 'ERR_PAY_TRANSPORT') return words.errors.transport[sent === false ? 'not-sent' : 'sent'];
  if (code === 'ERR_REFUND') return sentencesOf(words.errors.refund, rule);
  // A wrong scan that the till noticed, in place of the gateway.
  if (code === 'ERR_INVALID_PARAMETER' && parameter === 'auth_code') return words.codes.AUTH_CODE_INVALID;
  if (code === 'ERR_INVALID_PARAMETER' && isString(parameter) && tokens.has(parameter)) return words.errors.token;
  const { errors, codes, payment, refund } = words;
  const tables: ReadonlyArray<Readonly<Record<string, Sentences>>> = [
    errors.codes,
    codes,
    payment.attention,
    payment.failed,
    refund.refused,
    refund.attention,
  ];
  const table = tables.find((each) => isListed(each, code));
  return table !== undefined && isListed(table, code) ? table[code] : undefined;
}

// The gateway's and ours (docs/facts.md#required-fields): nothing else gets into a sentence.
const orderNumber = /^[\w|*@-]{1,64}$/;
const numberIn = (number: unknown): string | undefined =>
  isString(number) && orderNumber.test(number) ? number : undefined;

/** Which sale or refund it's about, as far as that can be said. */
function about({ kind, out_trade_no, out_refund_no, refund_fee }: Fields, words: OutcomeWords) {
  const { addition } = words;
  const amount = kind === 'refund' ? amountOf(refund_fee) : undefined;
  const order = numberIn(out_trade_no);
  const refund = out_refund_no === out_trade_no ? undefined : numberIn(out_refund_no);
  return [amount && addition.refundAmount(amount), order && addition.order(order), refund && addition.refund(refund)];
}

/** By what it is: an outcome of a payment or of a refund; else by its code. */
function sentencesFor(what: Fields, words: OutcomeWords): OutcomeSentences | undefined {
  const { kind, status } = what;
  if (!isString(status)) return codeTold(what, words);
  if (kind === 'refund') return isListed(refundTellers, status) ? refundTellers[status](what, words) : undefined;
  if (kind !== undefined || !isListed(paymentTellers, status)) return undefined;
  return paymentTellers[status](what, words);
}

function told(what: unknown, words: OutcomeWords): OutcomeSentences {
  const sentences = isFields(what) ? sentencesFor(what, words) : undefined;
  if (sentences === undefined || !isFields(what)) return words.unknown;
  return { ...sentences, text: sequence(words, sentences.text, ...about(what, words)) };
}

/**
 * What a cashier is told of a payment, a refund, an error or a code: short and polite, without technical terms, complete in
 * both languages. Of what it doesn't know it says that the result is not known, and promises nothing. It repeats amounts and
 * valid order numbers, and nothing else of what it is given. Never throws.
 *
 * @param what An outcome (also as JSON from a merchant server), what was thrown, or `{ code }` with an err_code of the gateway
 * or a code of this package.
 * @example
 * const outcome = await facePay.pay(order);
 * const { title, text, advice, handOver } = describe(outcome, 'zh');
 */
export function describe(
  what: FacePayOutcome | RefundOutcome | { code: string } | unknown,
  language: Language,
): Description {
  const words = language === 'en' ? en : zh;
  let sentences: OutcomeSentences;
  try {
    sentences = told(what, words);
  } catch {
    // A getter of a foreign object.
    sentences = words.unknown;
  }
  const { title, text, advice, handOver = false } = sentences;
  return { title, text, advice, handOver };
}
