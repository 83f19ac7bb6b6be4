import type { Difference, DifferenceKind } from '../bill/difference.js';
import { yuan } from './output.js';

/** What each kind of difference means, and what to do about it, for people. */
export const differenceWords: Readonly<Record<DifferenceKind, string>> = {
  'charged-not-told-paid':
    'the customer was charged, but the till was told something else: refund it, or hand over what was sold',
  'paid-not-in-bill':
    'told paid, but the bill does not have it, or has it as reversed: query it; the goods are not paid',
  amount: 'told paid, with another amount than the bill has: query it, and settle the rest with the customer',
  'reversed-still-charged':
    'told reversed, but the bill has the charge and no reversal: query it, and refund what is left',
  'reversal-not-in-bill':
    "told reversed on this day, but the bill does not have it: look at the bill of the sale's own day, then query it",
  'refund-not-in-bill':
    'the gateway took this refund, but the bill does not have it, or as failed: ask "wxpay-face refunds" how it stands',
  'refund-unknown-here':
    'given back, but not from here, or told refused here: ask whoever refunds on the merchant site',
  'refund-amount': 'refunded with another amount than the bill has: look it up on the merchant site',
  'unknown-here': "not this journal's sale: another till's, another channel's, or a journal that was lost",
  undecided: 'not at its end yet: "wxpay-face journal recover" goes on with it',
};

const widestKind = Math.max(...Object.keys(differenceWords).map((kind) => kind.length));

const money = (fen: number | undefined): string => (fen === undefined ? '–' : yuan(fen)).padStart(12);

export const differenceHead = `${'difference'.padEnd(widestKind)}  ${'here'.padStart(12)}  ${'bill'.padStart(12)}  sale, refund, state`;

/** One line for people, below {@link differenceHead}. */
export function differenceLine({ kind, here, there, out_trade_no, out_refund_no, state }: Difference): string {
  const what = [out_trade_no, out_refund_no, state].filter((part) => part !== undefined).join('  ');
  return `${kind.padEnd(widestKind)}  ${money(here)}  ${money(there)}  ${what}`;
}
