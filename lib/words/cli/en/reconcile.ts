import type { DifferenceKind } from '../../../bill/difference.js';

/** What each kind of difference means, and what to do about it. */
const meanings: Readonly<Record<DifferenceKind, string>> = {
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

const kinds: Readonly<Record<DifferenceKind, string>> = {
  'charged-not-told-paid': 'charged-not-told-paid',
  'paid-not-in-bill': 'paid-not-in-bill',
  amount: 'amount',
  'reversed-still-charged': 'reversed-still-charged',
  'reversal-not-in-bill': 'reversal-not-in-bill',
  'refund-not-in-bill': 'refund-not-in-bill',
  'refund-unknown-here': 'refund-unknown-here',
  'refund-amount': 'refund-amount',
  'unknown-here': 'unknown-here',
  undecided: 'undecided',
};

/** The comparison of bill and journal. */
export const reconcile = {
  kinds,
  meanings,
  head: { kind: 'difference', here: 'here', there: 'bill', what: 'sale, refund, state' },
  meaning: (kind: string, says: string) => `  ${kind}: ${says}`,
  read: (count: number) => `${count} rows of the bill`,
  rows: (count: number) => `${count} rows of the bill`,
  downloading: (day: string) => `downloading the bill of ${day}`,
  reading: (file: string, day: string) => `${file} of ${day}`,
  noBill: 'the gateway has no bill of this day',
  found: (day: string, differences: number, what: string) => {
    const finding =
      differences === 0 ? 'each fen agrees' : differences === 1 ? '1 difference' : `${differences} differences`;
    return `${day}: ${finding}, ${what}`;
  },
  notYet: (day: string) => `The gateway has no bill of ${day}: yesterday's is there after 10:00 in Beijing`,
};
